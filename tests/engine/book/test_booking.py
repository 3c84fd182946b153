"""Booking, turn by turn: what a result becomes, what is offered when, and what an outage costs."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from typing import Any

import pytest

from hookwright.engine.book.book import Book
from hookwright.engine.book.booking import Booking
from hookwright.engine.delivery import Result
from hookwright.engine.errors import JournalError, LedgerUnavailable
from hookwright.engine.journal.room import Room
from hookwright.engine.journal.writer import Writer


class Disk:
    def __init__(self) -> None:
        self.full = False

    def __call__(self, descriptor: int) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")


class Desk:
    """A bookkeeper without its threads: every turn is called by the test, on a clock of the test's own."""

    def __init__(self, node: Any, ledger: Any) -> None:
        self.node = node
        self.seconds = 100.0
        self.disk = Disk()
        self.free = 10**9  # bytes
        self.book = Book(node.state, "nod_test", self.monotonic, index_every=0)
        self.writer = Writer(node.history, "book", clock=node.clock, fsync=self.disk, cut=True)
        self.ledger = ledger
        self.booking = Booking(
            self.book,
            self.writer,
            ledger,
            "nod_test",
            clock=node.clock,
            monotonic=self.monotonic,
            room=Room(node.state, free=lambda _: self.free, clock=self.monotonic),
        )

    def monotonic(self) -> float:
        return self.seconds

    def turn(self, later: float = 0.0) -> int:
        self.seconds += later
        self.book.follow()
        return self.booking.turn(0)

    def close(self) -> None:
        self.writer.close()
        self.book.close()


@pytest.fixture
def desk(node: Any, ledger: Any) -> Iterator[Desk]:
    made = Desk(node, ledger)
    yield made
    made.close()


def kinds(node: Any, delivery: Any) -> list[str]:
    return [line["kind"] for line in node.lines() if line.get("delivery") == delivery.id]


def test_a_result_becomes_lines_history_and_then_an_acknowledgement(
    desk: Desk, node: Any, server: Any, kit: Any
) -> None:
    (delivery,) = node.accept("e1")
    server.settle(kit.result(delivery))
    assert desk.turn() == 1

    assert kinds(node, delivery) == ["attempt", "settled"]
    assert node.settled() == {delivery.id: "Success"}
    assert server.stream == []
    assert server.tombstones == set()
    assert len(desk.book.open) == 0


@pytest.mark.parametrize(
    ("outcome", "lines", "status"),
    [
        ("success", ["attempt", "settled"], "Success"),
        ("failure", ["attempt", "settled"], "Failure"),
        ("cancelled", ["settled"], "Cancelled"),
        ("skipped", ["attempt", "settled"], "Skipped"),
        ("retry", ["attempt"], None),
        ("held", ["held"], None),
        ("lost", ["lease_lost"], None),
    ],
)
def test_each_outcome_has_its_lines(
    outcome: str, lines: list[str], status: str | None, desk: Desk, node: Any, server: Any, kit: Any
) -> None:
    (delivery,) = node.accept("e1")
    server.settle(kit.result(delivery, 1, outcome))
    desk.turn()

    assert kinds(node, delivery) == lines
    assert node.settled().get(delivery.id) == status
    assert (delivery.id in desk.book.open) == (status is None)


def test_a_result_that_overtakes_the_follower_is_booked(desk: Desk, node: Any, server: Any, kit: Any) -> None:
    desk.turn()
    (delivery,) = node.accept("e1")
    server.settle(kit.result(delivery))
    desk.booking.turn(0)  # without having followed intake since

    assert node.settled() == {delivery.id: "Success"}


def test_many_results_of_one_delivery_in_one_turn(desk: Desk, node: Any, server: Any, kit: Any) -> None:
    (delivery,) = node.accept("e1")
    for each in (
        kit.result(delivery, 1, "held", reason="secret missing"),
        kit.result(delivery, 1, "held", reason="secret missing"),
        kit.result(delivery, 1, "held", reason="another secret missing"),
        kit.result(delivery, 1, "retry", 500),
        kit.result(delivery, 1, "retry", 500),
        kit.result(delivery, 2, "failure", 500),
        kit.result(delivery, 2, "failure", 500),
        kit.result(delivery, 3, "success"),
    ):
        server.settle(each)
    desk.turn()

    assert kinds(node, delivery) == ["held", "held", "attempt", "attempt", "settled"]
    assert node.lines("settled")[0]["attempts"] == 2


def test_a_hold_is_written_again_only_for_another_reason(
    desk: Desk, node: Any, server: Any, kit: Any
) -> None:
    (delivery,) = node.accept("e1")
    for reason in ("a", "a", "b", "b", "a"):
        server.settle(kit.result(delivery, 1, "held", reason=reason))
        desk.turn()
    assert [line["reason"] for line in node.lines("held")] == ["a", "b", "a"]
    assert desk.book.count() == (1, 1)

    server.settle(kit.result(delivery, 1, "retry", 500))
    desk.turn()
    assert desk.book.count() == (1, 0)


def test_what_a_worker_saw_after_its_lease_is_kept_once_even_when_all_is_over(
    desk: Desk, node: Any, server: Any, kit: Any
) -> None:
    (delivery,) = node.accept("e1")
    server.settle(kit.result(delivery))
    desk.turn()
    seen = kit.result(delivery, 1, "lost", request=kit.result(delivery).request, worker="wrk_2")
    for _ in range(2):
        server.settle(seen)
        server.settle(seen)
        desk.turn()

    assert kinds(node, delivery) == ["attempt", "settled", "lease_lost"]


def test_a_result_for_nothing_known_is_dropped_and_acknowledged(
    desk: Desk, node: Any, server: Any, kit: Any
) -> None:
    event = type("E", (), {"id": "x", "source": "y", "type": "T"})
    (stranger,) = kit.deliveries_for(event, ["z"], 0, b"")
    server.settle(kit.result(stranger))
    server.settle(kit.result(stranger, 1, "lost"))
    desk.turn()

    assert node.lines() == []
    assert server.stream == []
    assert server.tombstones == set()


def test_a_fresh_delivery_is_offered_after_two_seconds_and_once(desk: Desk, node: Any, ledger: Any) -> None:
    desk.turn()
    (delivery,) = node.accept("e1", raw=b"{\n}", delay=60_000)
    desk.turn()
    desk.turn(1.9)
    assert ledger.offered == []
    desk.turn(0.2)
    desk.turn(5)
    assert ledger.offered == [delivery.id]
    offer = ledger.server.offers[delivery.id]
    assert (offer.delivery, offer.body, offer.attempts, offer.wait) == (delivery, b"{\n}", 0, 60_000)


def test_a_delivery_settled_within_two_seconds_is_not_offered(
    desk: Desk, node: Any, ledger: Any, server: Any, kit: Any
) -> None:
    (delivery,) = node.accept("e1")
    desk.turn()
    server.settle(kit.result(delivery))
    desk.turn(1)
    desk.turn(5)
    assert ledger.offered == []


def test_everything_open_is_offered_at_the_start_with_its_tries_and_its_wait(
    node: Any, server: Any, kit: Any
) -> None:
    first = Desk(node, kit.MemoryLedger(server))
    deliveries = node.accept("e1", *(f"hook-{i}" for i in range(450)))
    first.turn()
    server.settle(kit.result(deliveries[0], 1, "retry", 500))
    server.settle(kit.result(deliveries[1]))
    first.turn()
    first.close()
    server.flush()

    desk = Desk(node, kit.MemoryLedger(server))
    node.now += 4000
    for _ in range(3):
        assert not desk.booking.caught_up
        desk.turn()
    assert desk.booking.caught_up
    assert sorted(server.offers) == sorted(each.id for each in deliveries if each is not deliveries[1])
    assert server.offers[deliveries[0].id].attempts == 1
    assert server.offers[deliveries[0].id].wait == 6000
    desk.close()


def test_results_that_waited_are_booked_before_anything_is_offered(node: Any, server: Any, kit: Any) -> None:
    deliveries = [node.accept(f"e{i}")[0] for i in range(20)]
    for delivery in deliveries:
        server.settle(kit.result(delivery))
    ledger = kit.MemoryLedger(server)
    desk = Desk(node, ledger)
    desk.turn()
    assert ledger.offered == []
    assert len(node.settled()) == 20
    desk.close()


@pytest.mark.fault(10)
def test_a_ledger_that_lost_its_data_gets_everything_open_again(
    desk: Desk, node: Any, server: Any, kit: Any
) -> None:
    first, second = node.accept("e1", "a", "b")
    desk.turn()
    desk.turn(3)
    server.flush()
    desk.turn(0.1)
    assert server.offers == {}
    desk.turn(0.5)
    assert sorted(server.offers) == sorted([first.id, second.id])


@pytest.mark.fault(10)
def test_an_older_copy_of_the_ledger_gets_what_it_lacks_and_loses_what_is_over(
    desk: Desk, node: Any, server: Any, kit: Any
) -> None:
    over, tried = node.accept("e1", "a", "b")
    desk.turn()
    desk.turn(3)
    old = server.copy()
    server.settle(kit.result(over))
    server.settle(kit.result(tried, 1, "retry", 500))
    (missing,) = node.accept("e2")
    desk.turn(1)
    desk.turn(3)
    assert sorted(server.offers) == sorted([tried.id, missing.id])

    server.bring_back(old)
    assert sorted(server.offers) == sorted([over.id, tried.id])
    for _ in range(3):
        desk.turn(1)
    assert {each: offer.attempts for each, offer in server.offers.items()} == {tried.id: 1, missing.id: 0}
    assert node.settled() == {over.id: "Success"}


@pytest.mark.fault(10)
def test_results_in_an_older_copy_that_were_booked_are_not_booked_again(
    desk: Desk, node: Any, server: Any, kit: Any
) -> None:
    first, second = node.accept("e1", "a", "b")
    desk.turn()
    desk.turn(3)
    server.settle(kit.result(first))
    old = server.copy()
    desk.turn(1)
    server.settle(kit.result(second))
    desk.turn(1)
    assert server.tombstones == set()

    server.bring_back(old)
    for _ in range(4):
        desk.turn(1)
    assert node.settled() == {first.id: "Success", second.id: "Success"}
    assert (server.offers, server.tombstones, server.stream) == ({}, set(), [])


def test_a_retry_settled_into_an_empty_ledger_is_offered_again_once_booked(
    desk: Desk, node: Any, server: Any, kit: Any
) -> None:
    (delivery,) = node.accept("e1")
    desk.turn()
    desk.turn(3)
    server.flush()
    server.settle(kit.result(delivery, 1, "retry", 500))  # the ledger does not know it: result and tombstone
    for _ in range(3):
        desk.turn(1)

    assert kinds(node, delivery) == ["attempt"]
    assert server.tombstones == set()
    assert server.offers[delivery.id].attempts == 1


def test_a_success_settled_into_an_empty_ledger_is_not_offered_again(
    desk: Desk, node: Any, server: Any, ledger: Any, kit: Any
) -> None:
    (delivery,) = node.accept("e1")
    desk.turn()
    desk.turn(3)
    server.flush()
    server.settle(kit.result(delivery))
    for _ in range(3):
        desk.turn(1)
    assert node.settled() == {delivery.id: "Success"}
    assert server.offers == {}
    assert server.tombstones == set()


def test_a_ledger_that_is_away_costs_nothing_but_time(desk: Desk, node: Any, server: Any, kit: Any) -> None:
    (delivery,) = node.accept("e1")
    desk.turn()
    server.settle(kit.result(delivery))
    server.down = True
    for _ in range(3):
        with pytest.raises(LedgerUnavailable):
            desk.turn(1)
    (other,) = node.accept("e2")
    desk.book.follow()
    assert other.id in desk.book.open
    server.down = False
    desk.turn(1)
    assert node.settled() == {delivery.id: "Success"}


def test_an_acknowledgement_that_failed_is_made_up_for_without_booking_again(
    desk: Desk, node: Any, server: Any, ledger: Any, kit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (delivery,) = node.accept("e1")
    server.settle(kit.result(delivery))

    def fail(*_: object) -> None:
        raise LedgerUnavailable("timed out")

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "acknowledge", fail)
        for _ in range(2):
            with pytest.raises(LedgerUnavailable):
                desk.turn()
    assert kinds(node, delivery) == ["attempt", "settled"]
    assert len(server.stream) == 1
    desk.turn()
    assert kinds(node, delivery) == ["attempt", "settled"]
    assert server.stream == []


@pytest.mark.fault(18)
def test_a_full_disk_stops_booking_and_claims_and_acknowledges_nothing(
    desk: Desk, node: Any, server: Any, kit: Any
) -> None:
    (delivery,) = node.accept("e1")
    desk.turn()
    server.settle(kit.result(delivery))
    desk.disk.full = True
    for _ in range(3):
        with pytest.raises(JournalError, match="No space"):
            desk.turn()
    assert server.halted
    assert len(server.stream) == 1
    assert delivery.id in desk.book.open

    desk.disk.full = False
    desk.turn()
    assert not server.halted
    assert server.stream == []
    assert kinds(node, delivery) == ["attempt", "settled"]


@pytest.mark.fault(18)
def test_claims_stop_before_the_disk_is_full_and_what_was_under_way_is_booked(
    desk: Desk, node: Any, server: Any, kit: Any
) -> None:
    (delivery,) = node.accept("e1")
    desk.turn()
    desk.free = 0
    desk.turn(1)
    assert server.halted
    server.settle(kit.result(delivery))
    desk.turn(1)
    assert node.settled() == {delivery.id: "Success"}
    assert server.halted
    desk.free = 10**9
    desk.turn(1)
    assert not server.halted


def test_a_halt_left_by_a_predecessor_is_lifted(desk: Desk, server: Any) -> None:
    server.halted = True
    desk.turn()
    assert not server.halted


def test_a_crash_between_an_attempt_and_its_end_is_made_up_for(node: Any, server: Any, kit: Any) -> None:
    (delivery,) = node.accept("e1")
    server.settle(kit.result(delivery))
    desk = Desk(node, kit.MemoryLedger(server))
    desk.ledger.acknowledge = lambda *_: None
    desk.turn()
    desk.close()
    path = next(node.history.glob("*/book-1.jsonl"))
    attempt, _ = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(attempt + b'{"v":1,"n":2,')
    for index in node.state.glob("index.sqlite*"):
        index.unlink()

    desk = Desk(node, kit.MemoryLedger(server))
    desk.turn()
    desk.close()
    assert node.lines("attempt")[0]["delivery"] == delivery.id
    (settled,) = (node.history / "2026-11-23" / "book-2.jsonl").read_bytes().splitlines()
    assert b'"kind":"settled"' in settled


def test_an_index_in_rebuilding_offers_nothing(
    desk: Desk, node: Any, ledger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    node.accept("e1")
    desk.turn()
    monkeypatch.setattr(Book, "whole", False)
    desk.turn(3)
    assert ledger.offered == []


def test_what_can_no_longer_be_read_is_given_up_and_the_rest_offered(
    desk: Desk, node: Any, ledger: Any
) -> None:
    (gone,) = node.accept("e1")
    (kept,) = node.accept("e2")
    desk.turn()
    path = next(node.history.glob("*/intake-1.jsonl"))
    path.write_bytes(path.read_bytes().replace(b'"id":"e1"', b'"id":"e9"'))
    desk.turn(3)
    assert ledger.offered == [kept.id]
    assert gone.id in desk.book.open


def test_a_fan_out_over_several_lines_is_offered_whole(desk: Desk, node: Any, server: Any) -> None:
    deliveries = node.accept("e1", *(f"a-rather-long-name-for-a-hook-{i:060d}" for i in range(4000)))
    assert len(node.lines("accepted+")) >= 1
    for _ in range(25):
        desk.turn(3)
    assert server.offers.keys() == {each.id for each in deliveries}


@pytest.mark.fault(73)
def test_what_the_ledger_threw_away_is_offered_again_once_and_is_no_history(
    desk: Desk, node: Any, server: Any, kit: Any
) -> None:
    (delivery,) = node.accept("e1")
    desk.turn()
    desk.turn(60)
    assert list(server.offers) == [delivery.id]
    del server.offers[delivery.id]
    for lost in (delivery.id, "dlv_nobodys"):
        server.settle(Result(delivery=lost, node="nod_test", attempt=0, outcome="lost", at=0))
    desk.turn()
    desk.turn()
    assert list(server.offers) == [delivery.id]
    assert desk.ledger.offered == [delivery.id] * 2
    assert kinds(node, delivery) == []
