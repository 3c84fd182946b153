"""Who is told when a delivery failed for good: read, resolved, published and found again."""

from __future__ import annotations

import pytest

from hookwright.rules.build import build
from hookwright.rules.compile import compile_table
from hookwright.rules.model import NotifierSettings
from hookwright.rules.source import from_json

NOTIFIERS = """\
notifiers:
  - {id: sales, type: slack, url: {env: SLACK}}
  - {id: ops, type: log, default: true}
  - {id: admins, type: email, default: true, to: [a@example.com]}
"""
EVENT = "event: Lead_Post_Create"


def hook(*lines: str) -> str:
    return "\n    ".join(["webhooks:\n  - id: a", EVENT, "url: https://example.com/", *lines]) + "\n"


def notified(model, text: str) -> tuple[str, ...]:
    (subscriber,) = model(NOTIFIERS + text).subscribers
    return subscriber.notify


def test_a_notifier_keeps_its_configuration_as_written(model):
    assert model(NOTIFIERS).notifiers == (
        NotifierSettings("admins", "email", True, {"to": ["a@example.com"]}),
        NotifierSettings("ops", "log", True, {}),
        NotifierSettings("sales", "slack", False, {"url": {"env": "SLACK"}}),
    )


@pytest.mark.parametrize(
    ("line", "ids"),
    [
        ("notify_on_failure: true", ("admins", "ops")),
        ("notify_on_failure: false", ()),
        ("notify_on_failure: []", ()),
        ("notify_on_failure: [sales, admins, sales]", ("sales", "admins")),
        ("delay: 0s", ()),
    ],
)
def test_a_webhook_says_whom_to_tell(model, line, ids):
    assert notified(model, hook(line)) == ids


def test_a_rule_says_whom_to_tell(model):
    action = "actions: [{post: {url: 'https://example.com/'}}]"
    rule = f"rules: [{{id: r, {EVENT}, notify_on_failure: [sales], {action}}}]"
    assert notified(model, rule) == ("sales",)


def test_defaults_hold_until_a_subscriber_says_otherwise(model):
    defaults = "defaults: {notify_on_failure: true}\n"
    assert notified(model, defaults + hook()) == ("admins", "ops")
    assert notified(model, defaults + hook("notify_on_failure: [sales]")) == ("sales",)
    assert notified(model, defaults + hook("notify_on_failure: false")) == ()


def test_notifiers_may_stand_in_a_file_of_their_own(model):
    found = model({"people.yaml": NOTIFIERS, "hooks.yaml": hook("notify_on_failure: true")})
    assert found.subscribers[0].notify == ("admins", "ops")


def test_a_worker_finds_the_very_same_notifiers(bundle):
    loaded = bundle(NOTIFIERS + hook("notify_on_failure: true"))
    again = build(from_json(loaded.source.to_json()))
    assert again.notifiers == loaded.model.notifiers
    table = compile_table(again)
    assert table.subscriber("a").notify == ("admins", "ops")
    assert table.notifier("sales") == NotifierSettings("sales", "slack", False, {"url": {"env": "SLACK"}})
    assert table.notifier("nobody") is None


def test_another_notifier_is_another_revision(bundle):
    before = bundle(NOTIFIERS).source.revision
    assert bundle(NOTIFIERS.replace("a@example.com", "b@example.com")).source.revision != before
