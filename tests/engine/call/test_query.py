"""A call without a body: its data stands in the query, whole or not at all."""

from __future__ import annotations

import pytest

from hookwright.engine.call.query import URL_LIMIT, NoQuery, check_query, query_of
from hookwright.engine.delivery import Delivery
from hookwright.rules.model import Action, EntityType, SecretReference, Subscriber, Target
from hookwright.schemas.problem import Place

FORM = (("Content-Type", "application/x-www-form-urlencoded"),)


def delivery(headers=()):
    return Delivery(
        id="dlv_1", message="msg_1", entity_type="webhook", entity_id="a", action="", event_id="evt_1",
        event_source="/s", event_type="t", node="nod_1", due=0, body="", headers=headers,
    )  # fmt: skip


def test_fields_go_into_the_query_as_they_are():
    assert query_of(delivery(FORM), b"A%5BB%5D=1&C=x+y") == "A%5BB%5D=1&C=x+y"


@pytest.mark.parametrize("headers", [(), (("content-type", "application/json; charset=utf-8"),)])
def test_json_encoded_for_another_method_becomes_fields(headers):
    assert query_of(delivery(headers), b'{"A": {"B": 1}, "C": "x y"}') == "A%5BB%5D=1&C=x+y"
    assert query_of(delivery(headers), b"") == ""


@pytest.mark.parametrize(
    ("headers", "body", "reason"),
    [
        ((), b'"text"', 'a form has fields with names; "text" has none'),
        ((), b"{", "its body is not the JSON it was accepted as"),
        ((), b"\xff", "its body is not the JSON it was accepted as"),
        (
            (("Content-Type", "text/plain; charset=utf-8"),),
            b"x",
            "its body was encoded as text/plain when it was accepted; this call has no body",
        ),
    ],
)
def test_what_cannot_stand_in_a_query_says_why(headers, body, reason):
    with pytest.raises(NoQuery) as caught:
        query_of(delivery(headers), body)
    assert caught.value.reason == reason


def checked(url, data, **target):
    action = Action("webhook/a", "", Target(url=url, method="GET", **target))
    subscriber = Subscriber(EntityType.WEBHOOK, "a", ("t",), (action,), Place("a.yaml", 3))
    check_query(subscriber, action.target, "t", data)


def test_the_whole_url_counts():
    own = "?entityType=webhook&entityId=a&eventType=t&team=7&key="
    query = (("team", "7"), ("key", SecretReference("env", "KEY")))
    fits = URL_LIMIT - len("http://a.test/" + own) - 1
    checked("http://a.test/#x", "a" * fits, query=query)
    with pytest.raises(NoQuery) as caught:
        checked("http://a.test/#x", "a" * (fits + 1), query=query)
    assert caught.value.reason == "the URL has 8,001 characters; without a body, at most 8,000 are sent"
    with pytest.raises(NoQuery):
        checked("http://a.test/", "a" * 8000, entity_params=False)
