"""`/v1/replays`: what starts a replay of many, how it is watched and cancelled, what is refused."""

import json

import pytest

from hookwright.engine.errors import JournalError
from hookwright.engine.state import State
from hookwright.interfaces.addresses import Listen

from ..conftest import end, write_journal
from .conftest import TOKENS, Running, serving

OPERATOR = TOKENS["operator"]
FILTER = {"subscriber": "hook-2"}


@pytest.fixture
def journal(tmp_path):
    return write_journal(tmp_path / "state")


@pytest.fixture
def filled(journal):
    """An API over a journal of three deliveries, of which the last has ended."""
    with serving(Running(State(journal.state)), Listen(), {}) as running:
        yield running


def ask(running, body, token=OPERATOR, **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content_Type": "application/json"} | headers
    return running.request("POST", "/v1/replays", raw, token=token, **headers)


def test_a_job_is_accepted_works_and_tells_how_it_stands(filled, journal, until) -> None:
    answer = ask(filled, {"filter": {"eventType": "Lead_*"}, "why": "mended", "rate": "100/s"})
    job = answer.json()
    assert answer.status == 202
    assert answer.headers["location"] == f"/v1/replays/{job['id']}"
    assert (job["count"], job["skipped"]) == (3, {"notEnded": 2})
    assert (job["by"], job["why"]) == ("the-operator", "mended")

    def done():
        said = filled.request("GET", f"/v1/replays/{job['id']}").json()
        return said if said["state"] == "done" else None

    said = until(done)
    assert (said["done"], said["skipped"], said["stoppedBy"]) == (1, {"notEnded": 2}, None)
    (fresh,) = until(lambda: filled.offered)
    assert fresh.body == '{"n": 2, "text":"grüße"}'.encode()
    assert filled.request("GET", "/v1/replays").json() == {"replays": [said]}
    answer = filled.request("DELETE", f"/v1/replays/{job['id']}", token=OPERATOR)
    assert (answer.status, answer.json()["state"]) == (409, "done")


def test_the_same_key_is_the_same_job_for_the_same_caller_also_after_it_ended(filled, until) -> None:
    body = {"filter": {"eventType": "Lead_*", "since": "3000d"}, "why": "mended"}
    first = ask(filled, body, Idempotency_Key="k1").json()
    until(lambda: filled.request("GET", f"/v1/replays/{first['id']}").json()["state"] == "done")
    again = ask(filled, body, Idempotency_Key="k1")
    assert (again.status, again.json()["id"], again.json()["state"]) == (202, first["id"], "done")
    assert again.headers["location"] == f"/v1/replays/{first['id']}"
    assert len(filled.request("GET", "/v1/replays").json()["replays"]) == 1
    assert ask(filled, body, token=TOKENS["admin"], Idempotency_Key="k1").json()["id"] != first["id"]
    assert ask(filled, body, Idempotency_Key="k2").json()["id"] != first["id"]


@pytest.mark.parametrize(
    "other", [{"why": "other"}, {"rate": "1/s"}, {"filter": FILTER}, {"filter": {"eventType": "Task_*"}}]
)
def test_something_else_under_a_key_that_was_used_is_409(filled, other) -> None:
    body = {"filter": {"eventType": "Lead_*"}}
    first = ask(filled, body, Idempotency_Key="k1").json()
    answer = ask(filled, body | other, Idempotency_Key="k1")
    assert (answer.status, answer.json()["title"]) == (409, "Idempotency key used")
    assert first["id"] in answer.json()["detail"]


def test_a_key_that_is_none_is_refused(filled) -> None:
    answer = ask(filled, {"filter": FILTER}, Idempotency_Key="k" * 256)
    assert (answer.status, answer.json()["title"]) == (400, "Bad idempotency key")


def test_a_dry_one_counts_and_replays_nothing(filled) -> None:
    answer = ask(filled, {"filter": {"since": "3000d", "open": False, "code": "2xx"}, "dry": True})
    said = answer.json()
    assert answer.status == 200
    assert (said["count"], said["notEnded"], said["rate"]) == (1, 0, "50/s")
    assert said["filter"].pop("since").endswith("Z"), "an age would mean something else later"
    assert said["filter"] == {"open": "false", "code": "2xx"}
    assert filled.request("GET", "/v1/replays").json() == {"replays": []}


def test_one_that_is_cancelled_replays_nothing_more(filled, journal, until) -> None:
    first = filled.request("POST", f"/v1/deliveries/{journal.ids[2]}/replay", token=OPERATOR).json()
    end(journal.state, first["id"])
    job = ask(filled, {"filter": FILTER, "rate": "1/h"}).json()
    path = f"/v1/replays/{job['id']}"
    until(lambda: filled.request("GET", path).json()["done"] == 1)  # of two
    assert filled.request("DELETE", path, token=TOKENS["viewer"]).status == 403
    answer = filled.request("DELETE", path, token=OPERATOR)
    said = answer.json()
    assert (answer.status, said["state"], said["stoppedBy"]) == (200, "cancelled", "the-operator")
    assert (said["count"], said["done"]) == (2, 1)
    again = filled.request("DELETE", path, token=OPERATOR)
    assert (again.status, again.json()) == (200, said)


@pytest.mark.parametrize(
    ("body", "status", "where"),
    [
        ({}, 422, "/filter"),
        ({"filter": {}}, 422, "/filter"),
        ({"filter": []}, 422, "/filter"),
        ({"filter": {"subscribr": "x"}}, 422, "/filter/subscribr"),
        ({"filter": {"status": "nice"}}, 422, "/filter/status"),
        ({"filter": {"since": None}}, 422, "/filter/since"),
        ({"filter": {"entityType": "cat"}}, 422, "/filter/entityType"),
        ({"filter": FILTER, "rate": 50}, 422, "/rate"),
        ({"filter": FILTER, "rate": "1001/s"}, 422, "/rate"),
        ({"filter": FILTER, "rate": "0/s"}, 422, "/rate"),
        ({"filter": FILTER, "why": 7}, 422, "/why"),
        ({"filter": FILTER, "dry": "yes"}, 422, "/dry"),
        ({"filter": FILTER, "dryy": True}, 422, "/dryy"),
        (b"[]", 400, ""),
    ],
)
def test_a_body_that_is_wrong_starts_nothing(api, body, status: int, where: str) -> None:
    answer = ask(api, body)
    assert (answer.status, answer.json()["pointer"]) == (status, where)
    assert api.request("GET", "/v1/replays").json() == {"replays": []}


@pytest.mark.parametrize("unknown", ["rpl_" + "a" * 26, "x", "%00"])
def test_an_unknown_job_is_404(api, unknown: str) -> None:
    assert api.request("GET", f"/v1/replays/{unknown}").status == 404
    assert api.request("DELETE", f"/v1/replays/{unknown}", token=OPERATOR).status == 404


def test_a_journal_that_cannot_be_written_is_503_with_retry_after(filled) -> None:
    filled.failure = JournalError("the disk is full")
    answer = ask(filled, {"filter": FILTER})
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")


def test_an_index_that_is_being_built_is_503_with_retry_after(filled, journal) -> None:
    for path in journal.state.glob("index.sqlite*"):
        path.unlink()
    answer = ask(filled, {"filter": FILTER})
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
