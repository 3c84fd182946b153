"""`POST /v1/deliveries/{id}/replay`: who may, what it answers, what it refuses."""

import json

import pytest

from hookwright.engine.errors import JournalError
from hookwright.engine.identifiers import delivery_id
from hookwright.engine.state import State
from hookwright.interfaces.addresses import Listen

from ..conftest import write_journal
from .conftest import TOKENS, Running, serving

OPERATOR = TOKENS["operator"]


@pytest.fixture
def journal(tmp_path):
    return write_journal(tmp_path / "state")


@pytest.fixture
def filled(journal):
    """An API over a journal of three deliveries, of which the last has ended."""
    with serving(Running(State(journal.state)), Listen(), {}) as running:
        yield running


def replay(running, delivery, body=None, token=OPERATOR, **headers):
    raw = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    if raw is not None:
        headers = {"Content_Type": "application/json", **headers}
    return running.request("POST", f"/v1/deliveries/{delivery}/replay", raw, token=token, **headers)


def test_a_replay_is_accepted_with_the_new_delivery_and_offered(filled, journal, until) -> None:
    answer = replay(filled, journal.ids[2], {"why": "the receiver is mended"})
    said = answer.json()
    assert answer.status == 202
    assert (said["of"], said["round"], said["status"]) == (journal.ids[2], 1, "In Queue")
    assert (said["entityType"], said["entityId"]) == ("webhook", "hook-2")
    assert said["id"] == delivery_id(said["message"], 1)
    assert answer.headers["location"] == f"/v1/deliveries/{said['id']}"
    (fresh,) = until(lambda: filled.offered)
    assert (fresh.delivery.id, fresh.body) == (said["id"], '{"n": 2, "text":"grüße"}'.encode())
    (line,) = [
        json.loads(line)
        for path in (journal.state / "history").rglob("intake-*.jsonl")
        for line in path.read_bytes().splitlines()
        if b'"kind":"replay"' in line
    ]
    assert (line["by"], line["why"]) == ("the-operator", "the receiver is mended")


@pytest.mark.parametrize("body", [None, {}, {"why": ""}])
def test_no_reason_has_to_be_given(filled, journal, body) -> None:
    assert [replay(filled, journal.ids[2], body).json()["round"] for _ in range(2)] == [1, 2]


@pytest.mark.parametrize(
    ("body", "status", "where"),
    [
        ({"why": 7}, 422, "/why"),
        ({"why": None}, 422, "/why"),
        ({"why": "x" * 501}, 422, "/why"),
        ({"wy": "typo"}, 422, "/wy"),
        (b"{", 400, ""),
        (b"[]", 400, ""),
    ],
)
def test_a_body_that_is_wrong_replays_nothing(filled, journal, body, status: int, where: str) -> None:
    answer = replay(filled, journal.ids[2], body)
    assert (answer.status, answer.json()["pointer"]) == (status, where)
    assert replay(filled, journal.ids[2]).json()["round"] == 1


def test_another_content_type_is_415(filled, journal) -> None:
    assert replay(filled, journal.ids[2], b"why=x", Content_Type="text/plain").status == 415


def test_what_has_not_ended_is_a_conflict_that_names_its_state(filled, journal) -> None:
    answer = replay(filled, journal.ids[1])
    assert (answer.status, answer.json()["state"]) == (409, "retrying")
    assert "has not ended" in answer.json()["detail"]


@pytest.mark.parametrize("unknown", ["dlv_" + "a" * 26, "dlv_short", "x", "%00", "dlv_" + "a" * 3000])
def test_an_unknown_delivery_is_404_with_a_hint(filled, unknown: str) -> None:
    answer = replay(filled, unknown)
    assert answer.status == 404
    assert "finds deliveries by the beginning of their id" in answer.json()["detail"]


def test_a_journal_that_cannot_be_written_is_503_with_retry_after(filled, journal) -> None:
    filled.failure = JournalError("the disk is full")
    answer = replay(filled, journal.ids[2])
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert filled.offered == []


def test_an_index_that_is_being_built_is_503_with_retry_after(filled, journal) -> None:
    for path in journal.state.glob("index.sqlite*"):
        path.unlink()
    answer = replay(filled, journal.ids[2])
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")


def test_deliveries_are_found_by_the_beginning_of_an_id_and_by_more(filled, journal) -> None:
    def found(query: str) -> list[str]:
        return [each["id"] for each in filled.request("GET", f"/v1/deliveries?{query}").json()["deliveries"]]

    assert found(f"id={journal.ids[2][:10]}") == [journal.ids[2]]
    assert found("open=true") == [journal.ids[1], journal.ids[0]]
    assert found("open=false&kind=event&test=false&url=127.0.0.1&eventType=Lead_*") == [journal.ids[2]]
    for query, parameter in (
        ("id=DLV", "id"),
        ("kind=cat", "kind"),
        ("open=1", "open"),
        ("notices=", "notices"),
    ):
        answer = filled.request("GET", f"/v1/deliveries?{query}")
        assert (answer.status, answer.json()["parameter"]) == (400, parameter)
