"""A notifier at work: when it is built, what it may see, and what is masked from then on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from requests import Request

from hookwright.engine.call.prepare import SECRETS_KEPT, Prepared, Refusal
from hookwright.engine.delivery import Delivery
from hookwright.engine.ledger.work import Claim
from hookwright.engine.worker.notifier import LiveNotifier
from hookwright.engine.worker.notifying import Told
from hookwright.plugins.errors import MissingSecret, NotifyError
from hookwright.rules.model import NotifierSettings

NOTICE = {
    "id": "msg_1", "kind": "failure", "title": "t", "text": "x", "entity_type": "webhook", "entity_id": "crm",
    "count": 1, "failures": [], "at": 0,
}  # fmt: skip


def claim() -> Claim:
    delivery = Delivery(
        id="dlv_1", message="msg_1", entity_type="webhook", entity_id="crm", action="notify/admins",
        event_id="e1", event_source="/s", event_type="t", node="nod_1", due=0, body="", notifier="admins",
    )  # fmt: skip
    return Claim(delivery, json.dumps(NOTICE).encode(), 1, "tok")


class Posting:
    """A notifier whose whole address is a secret."""

    name = "posting"
    schema: dict[str, Any] = {}  # noqa: RUF012  # read-only

    def __init__(self) -> None:
        self.builds = 0

    def build(self, config, secrets, network):
        self.builds += 1
        url = secrets(config["url"])
        return lambda notice: Request("POST", url, json={"url": url}).prepare()


class Vault(dict):
    """Secrets by name, as a notifier asks for them."""

    def __call__(self, reference):
        (name,) = reference.values()
        if name not in self:
            raise MissingSecret("env", name, "is not set")
        return self[name]


@pytest.fixture
def vault():
    return Vault(HOOK="http://192.0.2.1/services/one-one-one")


@pytest.fixture
def live(vault):
    """`live(plugin)` puts a plugin to work."""

    def make(plugin):
        settings = NotifierSettings("admins", "posting", config={"url": {"env": "HOOK"}})
        return LiveNotifier(settings, plugin, vault, network=None)

    return make


def test_it_is_built_when_first_needed_and_kept_for_a_while(live):
    plugin = Posting()
    notifier = live(plugin)
    assert plugin.builds == 0
    for now in (100.0, 100.0 + SECRETS_KEPT - 1):
        assert isinstance(notifier.tell(claim(), now), Prepared)
    assert plugin.builds == 1


def test_a_changed_secret_is_seen_and_the_old_one_stays_masked(live, vault):
    notifier = live(Posting())
    notifier.tell(claim(), 100.0)
    vault["HOOK"] = "http://192.0.2.1/services/two-two-two"
    prepared = notifier.tell(claim(), 100.0 + SECRETS_KEPT)
    assert prepared.call.url.endswith("two-two-two")
    assert prepared.mask("one-one-one two-two-two") == "[redacted] [redacted]"
    assert prepared.sent.url == "[redacted]"
    assert "two-two-two" not in repr(prepared.sent)


def test_a_clock_that_went_back_builds_anew(live):
    plugin = Posting()
    notifier = live(plugin)
    notifier.tell(claim(), 100.0)
    notifier.tell(claim(), 50.0)
    assert plugin.builds == 2


def test_a_secret_that_went_away_holds_and_the_old_one_is_not_used(live, vault):
    notifier = live(Posting())
    notifier.tell(claim(), 100.0)
    del vault["HOOK"]
    for now in (100.0 + SECRETS_KEPT, 101.0 + SECRETS_KEPT):
        assert notifier.tell(claim(), now) == Refusal("held", "not_ready", "secret {env: HOOK}: is not set")


class Saying(Posting):
    """Raises what it is given, after it learnt the secret."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def build(self, config, secrets, network):
        secrets(config["url"])

        def tell(notice):
            raise self.error

        return tell


def test_what_a_notifier_may_say_is_kept_and_masked_all_the_same(live, vault):
    told = live(Saying(NotifyError(f"the server said {vault['HOOK']}"))).tell(claim(), 100.0)
    assert told == Refusal("retry", "plugin:posting", "the server said [redacted]")


@pytest.mark.parametrize(
    ("error", "kind"),
    [(KeyError("http://192.0.2.1/services/one-one-one"), "KeyError"), (MemoryError(), "MemoryError")],
)
def test_of_other_errors_only_the_type_is_told(live, error, kind):
    told = live(Saying(error)).tell(claim(), 100.0)
    assert told == Refusal("retry", "plugin:posting", f"the notifier failed ({kind})")


def test_a_code_of_a_mail_server_says_more_than_the_type(live):
    error = OSError("secret")
    error.smtp_code = 535
    assert live(Saying(error)).tell(claim(), 1.0).reason == "the notifier failed (OSError 535)"


def test_one_that_tells_by_itself_says_so(live):
    class Itself(Posting):
        def build(self, config, secrets, network):
            return lambda notice: None

    assert live(Itself()).tell(claim(), 1.0) == Told()
