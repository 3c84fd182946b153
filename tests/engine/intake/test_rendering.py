"""Rendering says what would be sent, reads no secret and runs nobody's injector."""

from __future__ import annotations

import json

import pytest
from msgspec import structs

from hookwright.engine.identifiers import batch_message_id, message_id
from hookwright.engine.intake.placing import Placing
from hookwright.engine.intake.rendering import Rendering
from hookwright.plugins.hookspecs import SecretSource
from hookwright.plugins.loader import load_plugins
from hookwright.plugins.registry import Contribution, Plugins
from hookwright.rules.event import Event
from hookwright.rules.expression import Expression
from hookwright.rules.model import Action, Auth, Batch, EntityType, SecretReference, Subscriber, Target
from hookwright.schemas.problem import Place

NOW = 1_795_000_000.5
RAW = b'{ "Score" : 71.0,\n "Name":"\\u00fc\xc3\xbc"}'
EVENT = Event("evt_1", "/crm", "t", json.loads(RAW), RAW)


class Forbidden(SecretSource):
    """A source that must not be asked."""

    name = "env"
    schema: dict[str, object] = {"type": "string"}  # noqa: RUF012  # the contract's shape

    def resolve(self, name: str) -> str:
        raise AssertionError(f"the secret {name} was read")


class Foreign:
    """An injector of somebody else's, which must not be run."""

    name = "acme"
    schema: dict[str, object] = {"type": "object"}  # noqa: RUF012

    def build(self, config: object, secrets: object) -> object:
        raise AssertionError("it was run")


def plugins() -> Plugins:
    ours = [each for each in load_plugins(allow=()).contributions if each.family != "secret"]
    added = [Contribution("secret", "env", {}, Forbidden()), Contribution("auth", "acme", {}, Foreign())]
    return Plugins((*ours, *added), (), ())


def rendered(*, delay: int = 0, batch: Batch | None = None, event: Event = EVENT, **target: object):
    action = Action("webhook/a", "", Target(**{"url": "https://x.example/in?team=7#top", **target}))
    asked = Subscriber(
        EntityType.WEBHOOK, "a", ("t",), (action,), Place("a.yaml", 3, 5), delay=delay, batch=batch
    )
    (found,) = Rendering(plugins(), NOW).requests(event, asked)
    return found


def test_the_request_is_the_one_a_worker_would_make() -> None:
    found = rendered(headers=(("X-Team", "growth"),), delay=30_000)
    assert (found.endpoint, found.method, found.delay, found.refusal) == ("webhook/a", "POST", 30_000, None)
    assert found.url == "https://x.example/in?team=7&entityType=webhook&entityId=a&eventType=t"
    assert found.body == RAW
    names = [name for name, _ in found.headers]
    assert names == [
        "Content-Type",
        "User-Agent",
        "X-Team",
        "webhook-id",
        "webhook-timestamp",
        "hookwright-hops",
    ]
    assert dict(found.headers)["webhook-id"] == message_id("/crm", "evt_1", "webhook", "a", "")
    assert dict(found.headers)["webhook-timestamp"] == "1795000000"


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        ({"type": "bearer", "token": {"env": "T"}}, "Authorization"),
        ({"type": "basic", "user": "u", "password": {"env": "T"}}, "Authorization"),
        ({"type": "header", "name": "X-Key", "value": {"env": "T"}}, "X-Key"),
    ],
)
def test_no_secret_is_read_and_its_place_is_marked(auth: dict[str, object], header: str) -> None:
    config = {key: value for key, value in auth.items() if key != "type"}
    found = rendered(
        auth=Auth(str(auth["type"]), config),
        headers=(("X-Other", SecretReference("env", "A")),),
        query=(("code", SecretReference("env", "B")),),
    )
    assert found.refusal is None
    assert dict(found.headers)["X-Other"] == "[redacted]"
    assert dict(found.headers)[header] == "[redacted]"
    assert "code=[redacted]&" in found.url


def test_a_literal_named_like_a_secret_is_not_shown_either() -> None:
    found = rendered(headers=(("X-Api-Key", "s3cret"),), query=(("token", "s3cret"),))
    assert "s3cret" not in repr(found)
    assert dict(found.headers)["X-Api-Key"] == "[redacted]"


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_parameter_named_like_a_secret_is_not_shown_where_it_stands_in_the_url(method: str) -> None:
    found = rendered(url="https://x.example/in?api_key=s3cret&team=7", method=method)
    assert "s3cret" not in repr(found)
    assert found.url.startswith("https://x.example/in?api_key=[redacted]&team=7&")


def test_an_injector_of_somebody_else_is_named_and_not_run() -> None:
    found = rendered(auth=Auth("acme", {"token": {"env": "T"}}))
    assert (found.unseen, found.refusal) == ("acme", None)
    assert "Authorization" not in dict(found.headers)


def test_a_batch_is_shown_with_this_event_alone() -> None:
    batch = Batch(window=60_000, key=Expression.parse("data.Score"))
    found = rendered(batch=batch)
    assert found.body == b"[" + RAW + b"]"
    assert found.batch == batch
    alone = structs.replace(EVENT)
    action = Action("webhook/a", "", Target(url="https://x.example/"))
    one = Subscriber(EntityType.WEBHOOK, "a", ("t",), (action,), Place("a.yaml"), batch=batch)
    _, member = Placing("n", plugins().encoders).placed(alone, one, action, 0)
    assert dict(found.headers)["webhook-id"] == batch_message_id(member, "71")


def test_what_cannot_be_sent_says_why() -> None:
    found = rendered(batch=Batch(window=1, key=Expression.parse("data.Missing")))
    assert found.refusal is not None
    assert found.refusal[0] == "expression"
    assert "there is no field" in found.refusal[1]
    unencoded = rendered(encoder="nobody")
    assert unencoded.refusal == ("plugin:nobody", "no plugin of this name is loaded")
    assert unencoded.body is None


def test_a_call_without_a_body_carries_its_data_in_the_query() -> None:
    found = rendered(method="GET", encoder="form", content_type="application/x-www-form-urlencoded")
    assert found.body is None
    assert found.url.startswith("https://x.example/in?team=7&Score=71.0&Name=%C3%BC%C3%BC&entityType=webhook")


def test_each_action_of_a_rule_has_a_request_of_its_own() -> None:
    actions = tuple(
        Action(f"rule/r/actions/{n}/post", f"actions/{n}/post", Target(url=f"https://x.example/{n}"))
        for n in range(2)
    )
    rule = Subscriber(EntityType.RULE, "r", ("t",), actions, Place("a.yaml"))
    found = list(Rendering(plugins(), NOW).requests(EVENT, rule))
    assert [each.endpoint for each in found] == ["rule/r/actions/0/post", "rule/r/actions/1/post"]
    assert len({dict(each.headers)["webhook-id"] for each in found}) == 2
