"""The bookkeeper as it runs: prompt, patient with what does not work, and clean at its end."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hookwright.engine.book.bookkeeper import Bookkeeper
from hookwright.engine.book.heartbeat import read_heartbeat
from hookwright.engine.history.catching_up import book_lock
from hookwright.engine.history.history import History
from hookwright.engine.history.index import Index
from hookwright.engine.ledger.ledger import Ledger
from hookwright.engine.ledger.work import Settle


class Running:
    """A bookkeeper in a thread of the test's process."""

    def __init__(self, node: Any, ledger: Any, **options: Any) -> None:
        self.stop = threading.Event()
        self.error: BaseException | None = None
        self.bookkeeper = Bookkeeper(node.state, "nod_test", ledger, clock=node.clock, **options)
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.bookkeeper.run(self.stop)
        except BaseException as error:  # noqa: BLE001  # the test looks at it
            self.error = error

    def end(self) -> None:
        self.stop.set()
        self.thread.join(15)
        assert not self.thread.is_alive()


@pytest.fixture
def start(node: Any, ledger: Any) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def start(other: Any = None, **options: Any) -> Running:
        started.append(Running(node, other or ledger, **options))
        return started[-1]

    yield start
    for each in started:
        each.end()


def statuses(node: Any) -> dict[str, str]:
    with History(node.state, refresh=False) as history:
        return {row.id: row.status for row in history.list(limit=10_000)}


def caught_up(node: Any) -> bool:
    beat = read_heartbeat(node.state)
    return beat is not None and beat.caught_up


def test_what_is_accepted_and_what_becomes_of_it_is_seen_within_a_second(
    start: Callable[..., Running], node: Any, server: Any, kit: Any
) -> None:
    start()
    kit.until(lambda: caught_up(node))
    times: list[float] = []
    for i in range(5):
        (delivery,) = node.accept(f"e{i}")
        began = time.monotonic()
        kit.until(lambda one=delivery: statuses(node).get(one.id) == "In Queue")
        times.append(time.monotonic() - began)
        server.settle(kit.result(delivery))
        began = time.monotonic()
        kit.until(lambda one=delivery: statuses(node).get(one.id) == "Success")
        times.append(time.monotonic() - began)
    assert sorted(times)[len(times) // 2] < 1


def test_the_sign_of_life_says_how_things_stand(
    start: Callable[..., Running], node: Any, server: Any, kit: Any
) -> None:
    (held,) = node.accept("e1")
    node.accept("e2")
    server.settle(kit.result(held, 1, "held", reason="secret missing"))
    start()
    kit.until(lambda: caught_up(node))
    beat = kit.until(lambda: (b := read_heartbeat(node.state)) and b.held and b)

    assert (beat.pid, beat.open, beat.held, beat.ledger, beat.journal) == (os.getpid(), 2, 1, True, True)
    assert beat.fresh()
    assert not beat.fresh(beat.monotonic + 3.1)
    assert not beat.fresh(beat.monotonic - 1)
    assert (node.state / "bookkeeper.json").stat().st_mode & 0o777 == 0o600
    assert json.loads((node.state / "bookkeeper.json").read_text())["caught_up"] is True


@pytest.mark.parametrize("content", [b"", b"{}", b"nonsense", None])
def test_a_missing_or_broken_sign_of_life_is_none(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "bookkeeper.json").write_bytes(content)
    assert read_heartbeat(tmp_path) is None


def test_a_ledger_away_at_the_start_is_waited_for_while_intake_is_followed(
    start: Callable[..., Running], node: Any, server: Any, kit: Any
) -> None:
    server.down = True
    (first,) = node.accept("e1")
    start()
    kit.until(lambda: statuses(node).get(first.id) == "In Queue")
    beat = kit.until(lambda: (b := read_heartbeat(node.state)) and not b.ledger and b)
    assert not beat.caught_up
    (second,) = node.accept("e2")
    kit.until(lambda: statuses(node).get(second.id) == "In Queue")

    server.down = False
    kit.until(lambda: {first.id, second.id} <= server.offers.keys())
    kit.until(lambda: caught_up(node))


def test_the_end_books_what_waits_on_the_stream(
    start: Callable[..., Running], node: Any, server: Any, kit: Any
) -> None:
    running = start()
    deliveries = [node.accept(f"e{i}")[0] for i in range(50)]
    kit.until(lambda: caught_up(node))
    for delivery in deliveries:
        server.settle(kit.result(delivery))
    running.end()

    assert node.settled() == {each.id: "Success" for each in deliveries}
    assert server.stream == []
    beat = read_heartbeat(node.state)
    assert beat is not None
    assert beat.open == 0


def test_a_second_bookkeeper_waits_for_the_first(
    start: Callable[..., Running], node: Any, server: Any, kit: Any
) -> None:
    with book_lock(node.state) as got:
        assert got
        running = start()
        (delivery,) = node.accept("e1")
        assert not threading.Event().wait(0.2)
        assert statuses(node) == {}
    kit.until(lambda: delivery.id in statuses(node))
    running.end()


def test_a_second_bookkeeper_told_to_stop_stops_waiting(start: Callable[..., Running], node: Any) -> None:
    with book_lock(node.state):
        start().end()


def test_a_torn_tail_is_cut_and_journalled_before_anything_else(
    start: Callable[..., Running], node: Any, kit: Any
) -> None:
    (delivery,) = node.accept("e1")
    node.intake.close()
    path = next(node.history.glob("*/intake-1.jsonl"))
    content = path.read_bytes()
    path.write_bytes(content + content[:100])
    start()
    (line,) = kit.until(lambda: node.history.glob("*/book-1.jsonl") and node.lines("repair"))

    assert (line["segment"], line["offset"], line["length"]) == (
        "2026-11-23/intake-1.jsonl",
        len(content),
        100,
    )
    assert path.read_bytes() == content
    kit.until(lambda: delivery.id in statuses(node))


@pytest.mark.fault(18)
def test_a_full_disk_is_waited_for(start: Callable[..., Running], node: Any, server: Any, kit: Any) -> None:
    full = threading.Event()

    def fsync(descriptor: int) -> None:
        if full.is_set():
            raise OSError(28, "No space left on device")

    running = start(fsync=fsync)
    (delivery,) = node.accept("e1")
    kit.until(lambda: caught_up(node))
    full.set()
    server.settle(kit.result(delivery))
    kit.until(lambda: (b := read_heartbeat(node.state)) and not b.journal)
    kit.until(lambda: server.halted)
    assert node.settled() == {}
    full.clear()
    kit.until(lambda: node.settled() == {delivery.id: "Success"})
    kit.until(lambda: not server.halted and not server.stream)
    running.end()
    assert running.error is None


def test_an_index_that_cannot_be_written_is_waited_for(
    start: Callable[..., Running], node: Any, server: Any, kit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL
    real = Index.apply
    hurt = threading.Event()

    def apply(self: Index, batch: Any) -> set[str]:
        if hurt.is_set():
            raise full
        return real(self, batch)

    monkeypatch.setattr(Index, "apply", apply)
    running = start()
    (delivery,) = node.accept("e1")
    kit.until(lambda: caught_up(node))
    hurt.set()
    server.settle(kit.result(delivery))
    kit.until(lambda: (b := read_heartbeat(node.state)) and not b.journal)
    assert len(server.stream) == 1
    hurt.clear()
    kit.until(lambda: statuses(node).get(delivery.id) == "Success")
    kit.until(lambda: not server.stream)
    running.end()
    assert running.error is None


def test_what_nobody_foresaw_ends_the_process_and_is_not_swallowed(
    start: Callable[..., Running], node: Any, server: Any, kit: Any
) -> None:
    def checkpoint(name: str) -> None:
        raise ZeroDivisionError(name)

    running = start(checkpoint=checkpoint)
    (delivery,) = node.accept("e1")
    server.settle(kit.result(delivery))
    running.thread.join(15)
    assert isinstance(running.error, ZeroDivisionError)


def test_it_works_with_the_real_ledger(
    start: Callable[..., Running], node: Any, kit: Any, valkey: str
) -> None:
    """Retries, successes and a ledger that loses everything, with the real scripts on a real server."""
    ledger, worker = Ledger(valkey), Ledger(valkey, worker="wrk_1")
    worker.publish(kit.REVISION, b"{}", {})
    running = start(ledger)
    deliveries = [node.accept(f"e{i}")[0] for i in range(30)]

    def work(claim: int) -> bool:
        """Claim some; the first try of each is a retry, the second a success."""
        claims = worker.step(claim=claim).claims
        worker.step(
            settles=[
                Settle(each.token, kit.result(each.delivery, each.attempt, "retry", 500, next=kit.NOW), 1)
                if each.attempt == 1
                else Settle(each.token, kit.result(each.delivery, each.attempt))
                for each in claims
            ]
        )
        return len(node.settled()) >= 10

    kit.until(lambda: work(2))
    kit.until(lambda: list(statuses(node).values()).count("Success") >= 10)
    worker._redis.flushall()
    worker.publish(kit.REVISION, b"{}", {})
    kit.until(lambda: work(8) and len(node.settled()) == 30)

    assert node.settled() == {each.id: "Success" for each in deliveries}
    kit.until(lambda: ledger._redis.xlen("{hw:0}:results:nod_test") == 0)
    kit.until(lambda: not ledger._redis.exists("{hw:0}:settled:nod_test"))
    assert worker.depth().total == 0
    running.end()
    worker.close()
    ledger.close()
