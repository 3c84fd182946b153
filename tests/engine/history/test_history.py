"""History from files: lists, filters, one delivery in full, the first answer, and changes as they happen."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hookwright.engine.book.book import Book
from hookwright.engine.delivery import Received, Sent, Status, Timing
from hookwright.engine.history.catching_up import catch_up
from hookwright.engine.history.history import History
from hookwright.engine.history.index import Index
from hookwright.engine.history.index_view import HistoryUnavailable, IndexView
from hookwright.engine.history.row import Filter
from hookwright.engine.history.verdict import Verdict
from hookwright.engine.journal.outcome import entries
from hookwright.engine.journal.writer import Writer


@pytest.fixture
def write(node: Any) -> Iterator[Callable[..., None]]:
    writer = Writer(node.history, "book", clock=node.clock)

    def write(*results: Any, attempts: int = 0) -> None:
        for each in results:
            writer.append_many(entries(each, attempts)).result(10)

    yield write
    writer.close()


@pytest.fixture
def history(node: Any) -> Iterator[Callable[[], History]]:
    opened: list[History] = []

    def open_() -> History:
        opened.append(History(node.state))
        return opened[-1]

    yield open_
    for each in opened:
        each.close()


def test_a_folder_without_history_has_none(node: Any, history: Callable[[], History]) -> None:
    found = history()
    assert found.list() == []
    assert found.show("dlv_x") is None
    assert found.find_event("/src", "e1") is None
    assert found.counts() == dict.fromkeys(["In Queue", "Success", "Failure", "Cancelled", "Skipped"], 0)
    assert list(node.state.glob("index.sqlite*")) == []


def test_the_list_is_newest_first_and_pages(node: Any, history: Callable[[], History]) -> None:
    for i in range(7):
        node.accept(f"e{i}")
    found = history()
    first = found.list(limit=3)
    second = found.list(limit=3, before=first[-1].id)
    third = found.list(limit=3, before=second[-1].id)
    assert [row.event_id for row in [*first, *second, *third]] == [f"e{i}" for i in reversed(range(7))]
    assert found.list(before=third[-1].id) == []


def test_a_row_in_json_has_the_words_of_the_api(node: Any, kit: Any, write: Any, history: Any) -> None:
    (delivery,) = node.accept("e1", "leads-to-erp", delay=30_000)
    write(kit.result(delivery, 1, "retry", 503))
    (row,) = history().list()
    assert json.loads(msgspec.json.encode(row)) == {
        "id": delivery.id,
        "message": delivery.message,
        "status": "In Queue",
        "state": "retrying",
        "entityType": "webhook",
        "entityId": "leads-to-erp",
        "action": "",
        "eventType": "Lead_Post_Create",
        "eventId": "e1",
        "eventSource": "/src",
        "place": "hooks/crm.yaml:14",
        "revision": kit.REVISION,
        "accepted": "2026-11-23T12:00:00.000Z",
        "updated": "2026-11-23T12:00:00.000Z",
        "due": "2026-11-23T12:00:30.000Z",
        "next": "2026-11-23T12:00:10.000Z",
        "attempts": 1,
        "code": 503,
        "error": "status",
        "reason": "",
        "url": "https://example.com/hook?a=b",
        "kind": "event",
        "round": 0,
        "batch": None,
        "members": None,
        "closed": None,
        "halfOf": None,
        "test": False,
        "transmitted": "2026-11-23T12:00:00.500Z",
        "took": None,
        "receiver": None,
    }


def test_filters_pick_and_combine(node: Any, kit: Any, write: Any, history: Any) -> None:
    (plain,) = node.accept("e1")
    (failed,) = node.accept("e2", "other", event_type="Lead_Post_Update")
    node.now += 60_000
    (timed_out,) = node.accept("e3", "other")
    write(kit.result(plain), kit.result(failed, 1, "failure", 503))
    write(kit.result(timed_out, 1, "retry", error="timeout", response=None))
    found = history()

    def picked(**wanted: Any) -> list[str]:
        return sorted(row.event_id for row in found.list(Filter(**wanted)))

    assert picked(status=Status.FAILURE) == ["e2"]
    assert picked(state="retrying") == ["e3"]
    assert picked(entity_id="other") == ["e2", "e3"]
    assert picked(entity_type="rule") == []
    assert picked(event_type="Lead_Post_Update") == ["e2"]
    assert picked(event_id="e3", event_source="/src") == ["e3"]
    assert picked(message=plain.message) == ["e1"]
    assert picked(code=503) == ["e2"]
    assert picked(code=5) == ["e2"]
    assert picked(code=2) == ["e1"]
    assert picked(error="timeout") == ["e3"]
    assert picked(since=kit.NOW + 1) == ["e3"]
    assert picked(until=kit.NOW + 1) == ["e1", "e2"]
    assert picked(entity_id="other", code=5) == ["e2"]
    assert picked(entity_id="' OR 1 --") == []
    assert found.counts() == {"In Queue": 1, "Success": 1, "Failure": 1, "Cancelled": 0, "Skipped": 0}
    assert picked(state="retrying") == ["e3"]


@pytest.mark.parametrize(
    "raw", [b'{ "b" : 1.00,\n\t"a":"\xc3\xa9" }\n', b'{"a":1}', b'{"big":12345678901234567890123}']
)
def test_one_delivery_in_full_shows_the_bytes_that_were_sent_and_received(
    raw: bytes, node: Any, kit: Any, write: Any, history: Any
) -> None:
    (delivery,) = node.accept("e1", raw=raw)
    received = "caf\xe9 \u2028 \x00 \U0001f600\r\n"
    answer = Received(status=500, headers=(("X", "caf\xe9"),), body=received, truncated=True)
    write(kit.result(delivery, 1, "retry", response=answer), kit.result(delivery, 2))

    detail = history().show(delivery.id)
    assert detail is not None
    document = json.loads(json.dumps(detail.document()))
    assert document["body"] == raw.decode()
    assert [each["request"]["body"] for each in document["attempts"]] == [raw.decode()] * 2
    assert document["attempts"][0]["request"]["headers"] == [["X-Team", "growth"]]
    assert document["attempts"][0]["response"] == {
        "status": 500,
        "headers": [["X", "caf\xe9"]],
        "body": received,
        "truncated": True,
    }
    assert [each["outcome"] for each in document["attempts"]] == ["retry", "success"]
    assert document["event"]["data"] == json.loads(raw)
    assert document["event"]["type"] == "Lead_Post_Create"
    assert document["status"] == "Success"


def test_a_body_of_its_own_and_bytes_that_are_no_text(node: Any, kit: Any, write: Any, history: Any) -> None:
    (form,) = node.accept("e1", body=b"a=1&b=2")
    (binary,) = node.accept("e2", body=b"\xff\x00")
    answer = Received(status=200, body="//8=", encoding="base64")
    write(kit.result(form), kit.result(binary, response=answer))
    found = history()

    shown = found.show(form.id).document()
    assert shown["attempts"][0]["request"]["body"] == "a=1&b=2"
    shown = found.show(binary.id).document()
    assert (shown["body"], shown["encoding"]) == ("/wA=", "base64")
    assert shown["attempts"][0]["request"]["encoding"] == "base64"
    assert shown["attempts"][0]["response"]["encoding"] == "base64"


def test_attempts_without_request_or_answer_lost_ones_and_waits_are_shown(
    node: Any, kit: Any, write: Any, history: Any
) -> None:
    (delivery,) = node.accept("e1")
    write(
        kit.result(delivery, 1, "held", error="not_ready", reason="secret ERP_KEY is missing"),
        kit.result(delivery, 1, "lost", reason="the worker's lease ended"),
        kit.result(delivery, 1, "retry", response=None, error="timeout"),
        kit.result(
            delivery, 2, "failure", request=None, response=None, error="blocked_target", reason="10.0.0.1"
        ),
    )
    shown = history().show(delivery.id).document()

    assert [each["outcome"] for each in shown["attempts"]] == ["lost", "retry", "failure"]
    assert [each["request"] is None for each in shown["attempts"]] == [True, False, True]
    assert [each["response"] for each in shown["attempts"]] == [None, None, None]
    assert [each["reason"] for each in shown["held"]] == ["secret ERP_KEY is missing"]
    assert (shown["status"], shown["error"], shown["reason"]) == ("Failure", "blocked_target", "10.0.0.1")


def test_an_open_delivery_is_shown_with_its_body(node: Any, history: Any) -> None:
    (delivery,) = node.accept("e1")
    shown = history().show(delivery.id).document()
    assert (shown["status"], shown["attempts"], shown["body"]) == ("In Queue", [], '{"a":1}')


def test_a_delivery_whose_journal_is_gone_still_shows_its_row(
    node: Any, kit: Any, write: Any, history: Any
) -> None:
    (delivery,) = node.accept("e1")
    write(kit.result(delivery))
    found = history()
    found.list()
    for path in node.history.glob("*/*.jsonl"):
        path.unlink()

    shown = found.show(delivery.id).document()
    assert (shown["status"], shown["event"], shown["body"], shown["attempts"]) == ("Success", None, "", [])


def test_a_request_too_large_for_a_line_is_recorded_without_its_excess(
    node: Any, kit: Any, write: Any, history: Any
) -> None:
    (delivery,) = node.accept("e1")
    sent = Sent(method="POST", url="https://example.com/" + "\x01" * 2_000_000, headers=(("A", "b"),))
    answer = Received(status=200, body="\x01" * 2_000_000)
    write(kit.result(delivery, request=sent, response=answer, reason="\x01" * 2_000_000))

    (row,) = history().list()
    assert row.status == "Success"


def test_the_first_answer_to_an_event_can_be_given_again(node: Any, history: Any) -> None:
    found = node.accept("e1", "a", "b")
    node.accept("e2", "c")
    answer = history().find_event("/src", "e1")
    assert answer.deliveries == tuple((each.id, "webhook", each.entity_id, False) for each in found)
    assert (answer.count, answer.accepted) == (2, 1_795_435_200_000)
    assert len(answer.fingerprint) == 64
    assert history().find_event("/other", "e1") is None


def test_an_event_with_more_than_a_thousand_deliveries_is_counted(node: Any, history: Any) -> None:
    node.accept("e1", *(f"hook-{i}" for i in range(1500)))
    answer = history().find_event("/src", "e1")
    assert (answer.count, len(answer.deliveries)) == (1500, 1000)
    assert len(history().list(limit=5000)) == 1500


def test_an_index_still_being_built_does_not_say_that_an_event_is_new(node: Any, history: Any) -> None:
    node.accept("e1")
    found = history()
    assert found.find_event("/src", "e1") is not None
    (node.state / "index.sqlite").unlink()
    with pytest.raises(HistoryUnavailable, match="being built"):
        found.find_event("/src", "e1")
    building = Index(node.state / "index.sqlite", node.history)
    with pytest.raises(HistoryUnavailable, match="being built"):
        found.find_event("/src", "e1")
    building.close()
    book = Book(node.state, "nod_test")
    assert found.find_event("/src", "e1") is not None
    assert found.find_event("/src", "e2") is None
    book.close()


def test_a_damaged_index_is_taken_away_for_its_keeper_to_build_anew(node: Any, history: Any) -> None:
    node.accept("e1")
    found = history()
    path = node.state / "index.sqlite"
    path.write_bytes(b"this is no database" * 1000)
    with pytest.raises(HistoryUnavailable):
        found.list()
    assert found.list() == []
    assert [row.event_id for row in history().list()] == ["e1"]


def test_an_index_emptied_in_its_place_does_not_say_that_an_event_is_new(node: Any, history: Any) -> None:
    node.accept("e1")
    found = history()
    assert found.find_event("/src", "e1") is not None
    (node.state / "index.sqlite").write_bytes(b"")
    with pytest.raises(HistoryUnavailable, match="being built"):
        found.find_event("/src", "e1")
    catch_up(node.state)
    assert found.find_event("/src", "e1") is not None


def test_reading_without_refresh_leaves_a_damaged_index_where_it_is(node: Any) -> None:
    path = node.state / "index.sqlite"
    path.write_bytes(b"this is no database" * 1000)
    with History(node.state, refresh=False) as found, pytest.raises(HistoryUnavailable):
        found.list()
    assert path.exists()


def test_a_new_index_is_told_from_an_old_one_whose_number_it_got(node: Any, tmp_path: Path) -> None:
    """Or whoever follows changes would wait for the new one to count as far as the old one did."""
    node.accept("e1")
    Book(node.state, "nod_test").close()
    index = node.state / "index.sqlite"
    view = IndexView(index, discard=False)
    view.query("SELECT 1", [])
    old = view.identity
    (tmp_path / "kept").hardlink_to(index)
    index.unlink()
    assert view.query("SELECT 1", []) == []
    (tmp_path / "kept").rename(index)
    view.query("SELECT 1", [])
    assert (view.identity[:2], view.identity == old) == (old[:2], False)
    view.close()


def test_changes_are_followed_as_they_happen(node: Any, kit: Any, write: Any, history: Any) -> None:
    (first,) = node.accept("e1")
    book = Book(node.state, "nod_test")
    stop = threading.Event()
    changes = history().follow(stop)
    seen: list[tuple[str, str]] = []

    def collect() -> None:
        seen.extend((row.event_id, row.status) for row in changes)

    follower = threading.Thread(target=collect)
    follower.start()
    kit.until(follower.is_alive)
    node.accept("e2")
    book.follow()
    kit.until(lambda: ("e2", "In Queue") in seen)
    write(kit.result(first))
    book.follow()
    kit.until(lambda: ("e1", "Success") in seen)
    for path in node.state.glob("index.sqlite*"):
        path.unlink()
    node.now += 1
    node.accept("e3")
    book.follow()
    kit.until(lambda: ("e3", "In Queue") in seen)
    stop.set()
    follower.join(10)
    book.close()

    assert [each for each in seen if each[0] != "e1" or each[1] != "In Queue"] == [
        ("e2", "In Queue"),
        ("e1", "Success"),
        ("e3", "In Queue"),
    ]


def test_following_everything_begins_with_what_is_there(node: Any, history: Any) -> None:
    node.accept("e1")
    node.accept("e2")
    stop = threading.Event()
    stop.set()
    assert [row.event_id for row in history().follow(stop, everything=True)] == ["e1", "e2"]


def test_a_folder_that_cannot_be_written_is_read_all_the_same(
    node: Any, history: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    node.accept("e1")
    history().list()
    import os

    real = os.open

    def refuse(path: Any, flags: int, *rest: Any, **more: Any) -> int:
        if flags & (os.O_RDWR | os.O_WRONLY):
            raise PermissionError(13, "Permission denied")
        return real(path, flags, *rest, **more)

    node.accept("e2")
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        assert [row.event_id for row in history().list()] == ["e1"]


def test_a_row_says_when_it_was_transmitted_how_long_that_took_and_what_the_receiver_said(
    node: Any, kit: Any, write: Any, history: Any
) -> None:
    (tried,) = node.accept("e1")
    (refused,) = node.accept("e2")
    said = Received(status=200, body='{"Status":"Error","StatusReason":"no such lead"}')
    write(kit.result(tried, 1, "retry", 500, timing=Timing(total=0.2)))
    write(kit.result(tried, 2, response=said, timing=Timing(total=0.25), at=kit.NOW + 9_250), attempts=1)
    write(kit.result(refused, 1, "failure", request=None, response=None, error="blocked_target"))
    never, row = history().list()
    assert (row.transmitted, row.took) == ("2026-11-23T12:00:09.000Z", 0.25)
    assert row.receiver == Verdict("Error", "no such lead")
    assert row.status == Status.SUCCESS  # what a receiver says decides nothing
    assert (never.transmitted, never.took, never.receiver) == (None, None, None)
    document = json.loads(json.dumps(history().show(tried.id).document()))
    assert document["receiver"] == {"status": "Error", "reason": "no such lead"}


def test_ids_urls_tests_open_ones_and_globs_can_be_asked_for(
    node: Any, kit: Any, write: Any, history: Any
) -> None:
    (done,) = node.accept("e1")
    node.accept("e2", event_type="Task_Create")
    write(kit.result(done))
    found = history()

    def picked(**wanted: Any) -> list[str]:
        return [row.event_id for row in found.list(Filter(**wanted))]

    assert picked(id=done.id[:9]) == picked(id=done.id) == ["e1"]
    assert picked(id="dlv_") == ["e2", "e1"]
    assert picked(id="[d]lv_") == picked(id="dlv?") == []
    assert picked(url="example.com/hook") == ["e1"]
    assert picked(url="%") == picked(url="*") == []
    assert (picked(open=True), picked(open=False)) == (["e2"], ["e1"])
    assert (picked(test=True), picked(test=False)) == ([], ["e2", "e1"])
    assert (picked(event_type="Lead_*"), picked(event_type="*_Create")) == (["e1"], ["e2", "e1"])
    assert found.counts(Filter(id=done.id)) == dict.fromkeys(found.counts(), 0) | {"Success": 1}


def test_what_ended_without_success_is_found_with_its_reason(
    node: Any, kit: Any, write: Any, history: Any
) -> None:
    ends = {"failure": "attempts exhausted", "cancelled": "subscriber removed", "skipped": "too old"}
    for outcome, reason in {**ends, "success": ""}.items():
        (each,) = node.accept(outcome)
        write(kit.result(each, outcome=outcome, status=500, reason=reason))
    node.accept("waits")
    found = history()
    undelivered = found.list(Filter(undelivered=True))
    assert {row.event_id: row.reason for row in undelivered} == ends
    assert {row.event_id for row in found.list(Filter(undelivered=False))} == {"success", "waits"}


def test_changes_that_do_not_fit_are_passed_over(node: Any, history: Any) -> None:
    node.accept("e1", event_type="Task_Create")
    stop = threading.Event()
    changes = history().follow(stop, Filter(event_type="Lead_*"), everything=True)
    node.accept("e2")
    catch_up(node.state)
    assert next(changes).event_id == "e2"
    stop.set()
    assert list(changes) == []


def test_a_delivery_of_an_endpoint_that_rests_is_held_until_then(node: Any, kit: Any) -> None:
    (waiting,) = node.accept("evt_w")
    rests = {"webhook/plain": (kit.NOW + 60_000, "5 failed attempts in a row")}
    with History(node.state, rests=lambda: rests) as history:
        (row,) = history.list()
        later = history.list(Filter(id=waiting.id))
    assert (row.state, row.next) == ("held", "2026-11-23T12:01:00.000Z")
    assert row.reason == "no calls until 2026-11-23T12:01:00.000Z: 5 failed attempts in a row"
    assert later == [row]
