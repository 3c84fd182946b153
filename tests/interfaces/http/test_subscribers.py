"""`/v1/subscribers`: how each stands, switching, and every refusal."""

from __future__ import annotations

import json

import pytest

from .conftest import TOKENS, Running

OPERATOR = TOKENS["operator"]


@pytest.fixture
def own(serve) -> Running:
    return serve()


def post(api: Running, path: str, body: object = None, **how):
    raw = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {} if body is None else {"Content_Type": "application/json"}
    return api.request("POST", f"/v1/subscribers/{path}", raw, token=OPERATOR, **headers, **how)


def test_subscribers_are_listed_and_shown(own):
    own.switching.failures["webhook/one"] = 3
    listed = own.request("GET", "/v1/subscribers").json()["subscribers"]
    (one,) = listed
    assert (one["name"], one["state"], one["failures"]) == ("webhook/one", "enabled", 3)
    assert set(one) == {
        *("name", "entityType", "entityId", "state", "reason", "by", "since", "failures", "disableAfter"),
        *("disableWhen", "description", "owner", "events", "globs", "url", "bundle", "place", "endpoints"),
    }
    for name in ("one", "webhook/one", "webhook%2Fone"):
        assert own.request("GET", f"/v1/subscribers/{name}").json() == one


def test_switching_says_who_and_why(own):
    answer = post(own, "one/disable", {"reason": "maintenance"})
    assert answer.status == 200
    said = answer.json()
    assert (said["changed"], said["applied"]) == (True, True)
    subscriber = said["subscriber"]
    assert (subscriber["state"], subscriber["reason"], subscriber["by"]) == (
        "disabled",
        "maintenance",
        "the-operator",
    )
    assert subscriber["since"].endswith("Z")
    again = post(own, "webhook%2Fone/disable")
    assert (again.status, again.json()["changed"]) == (200, False)
    assert post(own, "webhook/one/enable").json()["subscriber"]["state"] == "enabled"


def test_pausing_and_resuming(own):
    assert post(own, "one/pause").json()["subscriber"]["state"] == "paused"
    refused = post(own, "one/enable")
    assert (refused.status, refused.json()["state"]) == (409, "paused")
    assert refused.json()["detail"] == "webhook/one is paused by the-operator; resume it"
    assert post(own, "one/resume").json()["subscriber"]["state"] == "enabled"


@pytest.mark.parametrize("path", ["onee", "webhook/oen"])
def test_an_unknown_name_is_not_found_and_the_nearest_is_named(own, path):
    for answer in (own.request("GET", f"/v1/subscribers/{path}"), post(own, f"{path}/disable")):
        assert answer.status == 404
        assert "did you mean" in answer.json()["detail"]


def test_while_the_queue_is_away_it_is_accepted(own):
    own.switching.away = True
    answer = post(own, "one/disable")
    assert (answer.status, answer.json()["applied"]) == (202, False)
    assert own.request("GET", "/v1/subscribers/one").json()["state"] == "disabled"
    assert own.request("GET", "/v1/subscribers/one").json()["failures"] is None


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"reason": 7}, 422, "/reason"),
        ({"reason": None}, 422, "/reason"),
        ({"reason": "x" * 501}, 422, "/reason"),
        ({"reason": "two\nlines"}, 422, "/reason"),
        ({"reason": "\u202e"}, 422, "/reason"),
        ({"reasn": "x"}, 422, "/reasn"),
        ([], 400, ""),
        (b"{", 400, ""),
        (b'{"reason":"\xff"}', 400, None),
    ],
)
def test_a_wrong_body_changes_nothing(own, body, status, pointer):
    answer = post(own, "one/disable", body)
    assert answer.status == status
    if pointer is not None:
        assert answer.json()["pointer"] == pointer
    assert own.request("GET", "/v1/subscribers/one").json()["state"] == "enabled"


def test_a_body_of_another_type_is_refused(own):
    answer = own.request("POST", "/v1/subscribers/one/disable", b"reason=x", token=OPERATOR)
    assert answer.status == 415


def test_a_ping_is_accepted_like_an_event_and_marked(own):
    answer = post(own, "one/ping")
    assert answer.status == 202
    (placed,) = answer.json()["deliveries"]
    (plan,) = own.journalled
    assert (placed["id"], plan.deliveries[0].test) == (plan.deliveries[0].id, True)
    assert plan.event.data["ProspectStage"]  # the catalogue's sample
    assert post(own, "webhook%2Fone/ping", {}).status == 202


def test_a_handshake_says_what_it_found(own):
    answer = post(own, "one/handshake")
    assert (answer.status, answer.json()["ok"]) == (200, False)
    (endpoint,) = answer.json()["endpoints"]
    assert [(each["request"], each["error"]) for each in endpoint["checks"]] == [
        ("HEAD", "blocked_target"),
        ("empty POST", "blocked_target"),
    ]


@pytest.mark.parametrize("what", ["ping", "handshake"])
def test_what_is_not_there_cannot_be_pinged_and_nothing_can_be_said_to_it(own, what):
    assert post(own, f"onee/{what}").status == 404
    refused = post(own, f"one/{what}", {"data": {}})
    assert (refused.status, refused.json()["pointer"]) == (422, "/data")
    assert own.journalled == []
