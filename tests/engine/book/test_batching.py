"""Batches on their way into the journal: closed on time, encoded once, offered whole, never twice."""

from __future__ import annotations

import errno
import json
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from hookwright.engine.book import batching
from hookwright.engine.book.book import Book
from hookwright.engine.book.booking import Booking
from hookwright.engine.book.gathering import SETTLE_MS
from hookwright.engine.delivery import BatchPlan
from hookwright.engine.errors import JournalError, LedgerUnavailable
from hookwright.engine.history.history import History
from hookwright.engine.identifiers import batch_message_id, delivery_id
from hookwright.engine.journal.writer import Writer
from hookwright.plugins.errors import EncodeError
from hookwright.plugins.hookspecs import Encoded
from hookwright.plugins.loader import load_plugins


def plan(window: int = 1000, max_events: int = 100, max_bytes: int = 10_000, **more: str) -> BatchPlan:
    kinds = {"encoder": "json", "content_type": "application/json"} | more
    return BatchPlan(window=window, max_events=max_events, max_bytes=max_bytes, **kinds)


class Disk:
    def __init__(self) -> None:
        self.full = False

    def __call__(self, descriptor: int) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")


class Desk:
    """A bookkeeper without its threads: turns are called by the test, on the node's clock."""

    def __init__(self, node: Any, ledger: Any, encoders: Any = None) -> None:
        self.node = node
        self.ledger = ledger
        self.disk = Disk()
        self.book = Book(node.state, "nod_test", node.clock, index_every=0)
        self.writer = Writer(node.history, "book", clock=node.clock, fsync=self.disk, cut=True)
        self.points: list[str] = []
        self.booking = Booking(
            self.book,
            self.writer,
            ledger,
            "nod_test",
            encoders=encoders or load_plugins(allow=()).encoders,
            clock=node.clock,
            monotonic=node.clock,
            checkpoint=self.points.append,
        )

    def turn(self, later: int = 0) -> None:
        """One turn, `later` milliseconds after the last."""
        self.book.follow()  # as the bookkeeper's other thread does, many times a second
        self.node.now += later
        self.booking.turn(0)

    def close(self) -> None:
        self.writer.close()
        self.book.close()


@pytest.fixture
def open_desk(node: Any, ledger: Any) -> Iterator[Any]:
    desks: list[Desk] = []

    def make(encoders: Any = None, **changes: Any) -> Desk:
        while desks:
            desks.pop().close()
        desks.append(Desk(changes.get("node", node), changes.get("ledger", ledger), encoders))
        return desks[-1]

    yield make
    for each in desks:
        each.close()


@pytest.fixture
def desk(open_desk: Any) -> Desk:
    made: Desk = open_desk()
    return made


def members(node: Any, count: int, first: int = 0, **options: Any) -> list[Any]:
    options = {"batch": plan()} | options
    return [node.accept(f"e{first + n}", raw=b'{"n":%d}' % (first + n), **options)[0] for n in range(count)]


def bodies(server: Any) -> list[Any]:
    return [json.loads(each.body) for each in server.offers.values()]


def test_members_of_a_window_go_out_as_one_list_when_it_is_over(desk: Any, node: Any, server: Any) -> None:
    first, *rest = members(node, 3)
    desk.turn(1000 + SETTLE_MS - 1)
    assert server.offers == {}
    desk.turn(1)
    (offer,) = server.offers.values()
    message = batch_message_id(first, "")
    assert (offer.delivery.message, offer.delivery.id) == (message, delivery_id(message))
    assert offer.body == b'[{"n":0},{"n":1},{"n":2}]'
    assert (offer.delivery.event_id, offer.delivery.place) == ("e0", first.place)
    (line,) = node.lines("batch")
    assert line["members"] == [each.id for each in (first, *rest)]
    assert (line["closed"], line["revision"]) == ("window", "sha256:" + "5" * 64)
    assert len(desk.book.open) == 1


def test_a_member_enters_when_its_delay_is_over(desk: Any, node: Any, server: Any) -> None:
    late, early = members(node, 1, delay=5000)[0], members(node, 1, first=1, delay=4500)[0]
    desk.turn(4500 + 1000 + SETTLE_MS - 1)
    assert server.offers == {}
    desk.turn(1)
    assert [line["members"] for line in node.lines("batch")] == [[early.id, late.id]]


def test_a_full_batch_does_not_wait_for_its_window(desk: Any, node: Any, server: Any) -> None:
    members(node, 5, batch=plan(max_events=2))
    desk.turn(SETTLE_MS)
    assert bodies(server) == [[{"n": 0}, {"n": 1}], [{"n": 2}, {"n": 3}]]
    members(node, 1, first=5, batch=plan(max_bytes=20, window=5000))
    members(node, 2, first=6, batch=plan(max_bytes=20, window=5000))
    desk.turn(SETTLE_MS)
    assert bodies(server)[2:] == [[{"n": 5}, {"n": 6}]]
    assert [line["closed"] for line in node.lines("batch")] == ["max_events", "max_events", "max_bytes"]


def test_endpoints_types_keys_and_settings_are_never_mixed(desk: Any, node: Any, server: Any) -> None:
    node.accept("e0", "a", "b", raw=b"0", batch=plan())
    node.accept("e1", "a", raw=b"1", batch=plan(key='"x"'))
    node.accept("e2", "a", raw=b"2", batch=plan(), event_type="Task_Create")
    node.accept("e3", "a", raw=b"3", batch=plan(max_events=99))
    node.accept("e4", "a", raw=b"4", batch=plan())
    desk.turn(2000)
    found = {(each.delivery.entity_id, each.body) for each in server.offers.values()}
    assert found == {("a", b"[0,4]"), ("b", b"[0]"), ("a", b"[1]"), ("a", b"[2]"), ("a", b"[3]")}
    assert len({each.delivery.message for each in server.offers.values()}) == 5


def test_json_keeps_the_exact_bytes_of_every_member(desk: Any, node: Any, server: Any) -> None:
    exact = [b'{"z":1, "a" : 12345678901234567890123,"f":1.00}', '{"é":\n 1e5}'.encode(), b" 7 ", b""]
    for number, raw in enumerate(exact):
        node.accept(f"e{number}", raw=raw, batch=plan())
    desk.turn(2000)
    (offer,) = server.offers.values()
    assert offer.body == b"[%b,%b,%b,null]" % tuple(exact[:3])


def test_a_large_batch_is_continued_over_lines_and_offered_whole(desk: Any, node: Any, server: Any) -> None:
    data = b'"%b"' % (b"x" * 250_000)
    for number in range(10):
        node.accept(f"e{number}", raw=data, batch=plan(max_bytes=4 << 20))
    desk.turn(2000)
    (offer,) = server.offers.values()
    assert offer.body == b"[%b]" % b",".join([data] * 10)
    assert len(node.lines("batch+")) > 1


class Odd:
    """An encoder that fails in whatever way it is told to."""

    name, content_types, schema = "odd", ("x/odd",), {}

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.seen: list[Any] = []

    def encode(self, value: Any, context: Any) -> Any:
        self.seen.append((value, context))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_an_encoder_gets_the_list_as_a_value_and_as_bytes(open_desk: Any, node: Any, server: Any) -> None:
    odd = Odd(Encoded(b"\xff\x00", (("Content-Type", "x/odd"),)))
    desk = open_desk({"odd": odd})
    members(node, 2, batch=plan(encoder="odd", content_type="x/odd; a=b"))
    desk.turn(2000)
    ((value, context),) = odd.seen
    assert value == [{"n": 0}, {"n": 1}]
    assert (context.raw, context.content_type) == (b'[{"n":0},{"n":1}]', "x/odd; a=b")
    assert (context.event_id, context.event_type) == ("e0", "Lead_Post_Create")
    assert (context.entity_type, context.entity_id) == ("webhook", "plain")
    (offer,) = server.offers.values()
    assert (offer.body, offer.delivery.headers) == (b"\xff\x00", (("Content-Type", "x/odd"),))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (EncodeError("no lists here"), "no lists here"),
        (KeyError("x"), "KeyError: 'x'"),
        (Encoded("text"), "TypeError: encode must return Encoded with bytes"),
        (None, "TypeError: encode must return Encoded with bytes"),
        (Encoded(b"\x01" * 300_000), "the batch for webhook/plain is too large for the journal"),
    ],
)
def test_an_encoder_that_fails_makes_a_batch_that_is_refused_not_one_that_waits(
    open_desk: Any, node: Any, server: Any, answer: Any, reason: str
) -> None:
    """The last one: 9,000 members and a body whose every byte takes six in JSON."""
    desk = open_desk({"odd": Odd(answer)})
    count = 9000 if answer == Encoded(b"\x01" * 300_000) else 2
    found = members(node, count, batch=plan(encoder="odd", max_events=10_000, max_bytes=1 << 20))
    desk.turn(2000)
    (offer,) = server.offers.values()
    assert offer.delivery.refusal == ("plugin:odd", reason)
    assert offer.body == b""
    assert node.lines("batch")[0]["members"] == [each.id for each in found]


def test_an_encoder_that_is_not_loaded_is_said_so(open_desk: Any, node: Any, server: Any) -> None:
    desk = open_desk()
    members(node, 1, batch=plan(encoder="gone"))
    desk.turn(2000)
    (offer,) = server.offers.values()
    assert offer.delivery.refusal == ("plugin:gone", "no plugin of this name is loaded")


def test_what_becomes_of_a_batch_becomes_of_its_members(desk: Any, node: Any, server: Any, kit: Any) -> None:
    found = members(node, 2)
    desk.turn(2000)
    (offer,) = server.offers.values()
    server.settle(kit.result(offer.delivery, status=413, outcome="failure", reason="413 too large"))
    desk.turn()
    with History(node.state, refresh=False) as history:
        batch = history.show(offer.delivery.id)
        assert (batch.row.status, batch.row.members, batch.row.closed) == ("Failure", 2, "window")
        rows = [history.show(each.id).row for each in found]
    assert {(row.status, row.code, row.batch) for row in rows} == {("Failure", 413, offer.delivery.id)}
    assert [each.id for each in batch.related.members] == [each.id for each in found]
    assert node.settled() == {offer.delivery.id: "Failure"}, "one terminal line, the batch's"
    assert len(desk.book.open) == 0


def test_an_event_sent_again_is_told_that_it_was_batched(desk: Any, node: Any, server: Any, kit: Any) -> None:
    members(node, 1)
    node.accept("alone")
    for later in (0, 2000):
        desk.turn(later)
        with History(node.state, refresh=False) as history:
            said = {name: history.find_event("/src", name).deliveries for name in ("e0", "alone")}
        assert {name: [each[3] for each in found] for name, found in said.items()} == {
            "e0": [True],
            "alone": [False],
        }


def test_a_member_shows_the_attempts_of_its_batch_and_what_it_gave_to_it(
    desk: Any, node: Any, server: Any, kit: Any
) -> None:
    first, second = members(node, 1, delay=50) + members(node, 1, first=1)
    with History(node.state, refresh=False) as history:
        desk.turn()
        waiting = history.show(first.id)
        assert (waiting.row.state, waiting.row.batch, waiting.attempts) == ("batching", None, ())
        desk.turn(2000)
        assert history.show(first.id).row.state == "ready"
        (offer,) = server.offers.values()
        server.settle(kit.result(offer.delivery, outcome="retry", status=500))
        server.settle(kit.result(offer.delivery, attempt=2))
        desk.turn()
        shown, batch = history.show(first.id), history.show(offer.delivery.id)
    assert (shown.body, batch.body) == ('{"n":0}', '[{"n":1},{"n":0}]')
    assert shown.attempts == batch.attempts
    assert [each.request.body for each in shown.attempts] == [batch.body] * 2
    assert [each.id for each in batch.related.members] == [second.id, first.id], "as in the list"
    assert (batch.opened.closed, batch.document()["origin"]["closed"]) == ("window", "window")
    assert shown.related.members == ()


@pytest.mark.parametrize("lost", ["nothing", "index", "ledger", "both"])
def test_a_restart_in_the_window_goes_on_where_it_was(
    open_desk: Any, node: Any, server: Any, kit: Any, lost: str
) -> None:
    desk = open_desk()
    members(node, 2)
    desk.turn(600)
    members(node, 1, first=2)
    if lost in {"index", "both"}:
        (node.state / "index.sqlite").unlink()
    if lost in {"ledger", "both"}:
        server.flush()
    desk = open_desk(ledger=kit.MemoryLedger(server))
    desk.turn(300)
    members(node, 1, first=3)
    assert server.offers == {}
    desk.turn(100 + SETTLE_MS)
    assert bodies(server) == [[{"n": 0}, {"n": 1}, {"n": 2}, {"n": 3}]]


@pytest.mark.parametrize("lost", ["nothing", "index", "ledger", "both"])
def test_a_closed_batch_outlives_everything_but_the_journal(
    open_desk: Any, node: Any, server: Any, kit: Any, lost: str
) -> None:
    desk = open_desk()
    members(node, 2)
    desk.turn(2000)
    before = dict(server.offers)
    if lost in {"index", "both"}:
        (node.state / "index.sqlite").unlink()
    if lost in {"ledger", "both"}:
        server.flush()
    desk = open_desk(ledger=kit.MemoryLedger(server))
    desk.turn(5000)
    desk.turn(5000)
    assert {key: (each.body, each.delivery) for key, each in server.offers.items()} == {
        key: (each.body, each.delivery) for key, each in before.items()
    }
    assert len(node.lines("batch")) == 1


def test_a_late_look_groups_as_a_timely_one(open_desk: Any, node: Any, server: Any) -> None:
    """The bookkeeper was away for three windows."""
    desk = open_desk()
    for number in range(6):
        node.now = 1_795_435_200_000 + 500 * number
        members(node, 1, first=number)
    desk.turn(60_000)
    assert bodies(server) == [[{"n": 0}, {"n": 1}], [{"n": 2}, {"n": 3}], [{"n": 4}, {"n": 5}]]
    assert [line["due"][17:23] for line in node.lines("batch")] == ["01.000", "02.000", "03.000"]


def test_windows_close_while_the_ledger_is_away_and_are_offered_when_it_is_back(
    desk: Any, node: Any, server: Any
) -> None:
    members(node, 2)
    server.down = True
    with pytest.raises(LedgerUnavailable):
        desk.turn(2000)
    assert len(node.lines("batch")) == 1
    server.down = False
    desk.turn(100)
    assert bodies(server) == [[{"n": 0}, {"n": 1}]]


def test_a_full_disk_keeps_the_batch_and_whoever_comes_meanwhile_goes_with_the_next(
    desk: Any, node: Any, server: Any
) -> None:
    members(node, 2)
    desk.disk.full = True
    for _ in range(3):
        with pytest.raises(JournalError):
            desk.turn(2000)
    assert server.halted
    assert server.offers == {}
    members(node, 1, first=2)
    desk.disk.full = False
    desk.turn(3000)
    assert not server.halted
    desk.turn()
    assert bodies(server) == [[{"n": 0}, {"n": 1}], [{"n": 2}]]
    assert len(node.lines("batch")) == 2


def test_an_index_that_cannot_be_written_after_the_journal_was_doubles_nothing(
    desk: Any, node: Any, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    members(node, 2)
    desk.turn()
    apply, error = type(desk.book._index).apply, sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL

    def fail(index: Any, batch: Any) -> Any:
        if any("book" in name for name in batch.progress):
            raise error
        return apply(index, batch)

    monkeypatch.setattr(type(desk.book._index), "apply", fail)
    for _ in range(3):
        with pytest.raises(Exception, match="disk I/O error"):
            desk.turn(2000)
    monkeypatch.undo()
    desk.turn(2000)
    assert bodies(server) == [[{"n": 0}, {"n": 1}]]
    assert len(node.lines("batch")) == 1


def test_a_member_that_cannot_be_read_any_more_keeps_nobody_else_waiting(
    desk: Any, node: Any, server: Any
) -> None:
    members(node, 1)
    desk.turn()
    for path in node.history.glob("*/intake-*"):
        path.write_bytes(path.read_bytes().replace(b'"n":0', b'"n":1'))  # the checksum does not fit any more
    members(node, 2, first=1)
    desk.turn(2000)
    assert bodies(server) == [[{"n": 1}, {"n": 2}]]
    desk.turn(60_000)
    assert len(node.lines("batch")) == 1
    assert desk.booking._batching.wait() is None


def test_many_batches_are_written_over_several_turns(
    desk: Any, node: Any, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert batching.MEMBERS_PER_TURN == 10_000
    monkeypatch.setattr(batching, "MEMBERS_PER_TURN", 100)
    half = 50
    for number in range(3):
        members(node, half, first=number * half, batch=plan(max_events=half, max_bytes=4 << 20))
    desk.turn(SETTLE_MS)
    assert len(node.lines("batch")) == 2
    desk.turn()
    assert len(node.lines("batch")) == 3
    assert [len(each) for each in bodies(server)] == [half] * 3


def test_members_waiting_at_a_start_are_all_read_before_anything_closes(
    open_desk: Any, node: Any, server: Any
) -> None:
    members(node, 2500, batch=plan(max_events=10_000, max_bytes=1 << 20))
    desk = open_desk()
    node.now += 2000
    desk.turn()
    desk.turn()
    assert node.lines("batch") == []
    desk.turn()
    assert [len(each) for each in bodies(server)] == [2500]


def test_a_turn_waits_for_results_no_longer_than_until_the_next_window_is_over(
    desk: Any, node: Any, ledger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    results = ledger.results

    def watched(name: str, *, block_ms: int, count: int) -> Any:
        asked.append(block_ms)
        return results(name, block_ms=0, count=count)

    monkeypatch.setattr(ledger, "results", watched)
    desk.booking.turn(200)
    members(node, 1)
    desk.book.follow()
    desk.booking.turn(200)
    node.now += SETTLE_MS
    desk.booking.turn(200)
    node.now += 950
    desk.booking.turn(200)
    assert asked == [200, SETTLE_MS, 200, 50]
