"""What the bookkeeper wrote itself is not read back: it is known at once, and in the index a moment later."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hookwright.engine.book.book import Book
from hookwright.engine.book.unindexed import INDEX_EVERY
from hookwright.engine.history.history import History
from hookwright.engine.journal.outcome import attempt_of, entries
from hookwright.engine.journal.writer import Writer


class Desk:
    """A book and its writer, on a clock of the test's own."""

    def __init__(self, node: Any, kit: Any) -> None:
        self.node = node
        self.kit = kit
        self.seconds = 100.0
        self.book = Book(node.state, kit.NODE, lambda: self.seconds)
        self.writer = Writer(node.history, "book", clock=node.clock, cut=True)

    def accept(self, count: int) -> list[Any]:
        found = [delivery for n in range(count) for delivery in self.node.accept(f"e{n}")]
        self.book.follow()
        return found

    def enter(self, delivery: Any, attempt: int = 1, outcome: str = "success", **fields: Any) -> None:
        opening = self.book.open.get(delivery.id)
        lines = entries(self.kit.result(delivery, attempt, outcome, **fields), opening.attempts)
        self.book.enter(lines, self.writer.append_many(lines).result(10))

    def row(self, delivery: Any) -> tuple[str, str, int, int | None, str | None]:
        with History(self.node.state, refresh=False) as history:
            detail = history.show(delivery.id)
        row = detail.row
        outcomes = ",".join(each.outcome for each in detail.attempts)
        return str(row.status), row.state, row.attempts, row.code, outcomes

    def close(self) -> None:
        self.writer.close()
        self.book.close()


@pytest.fixture
def desk(node: Any, kit: Any) -> Iterator[Desk]:
    made = Desk(node, kit)
    yield made
    made.close()


IN_QUEUE = ("In Queue", "ready", 0, None, "")
SUCCESS = ("Success", "success", 1, 200, "success")


def test_the_index_gets_it_at_once_in_a_quiet_moment_and_else_a_little_later(desk: Desk) -> None:
    first, quiet, second = desk.accept(3)
    desk.enter(first)
    desk.seconds += 2 * INDEX_EVERY
    desk.enter(quiet)
    assert desk.row(quiet) == SUCCESS
    desk.enter(second)
    assert second.id not in desk.book.open
    assert desk.row(second) == IN_QUEUE

    desk.book.follow()
    assert desk.row(second) == IN_QUEUE
    desk.seconds += 2 * INDEX_EVERY
    desk.book.follow()
    assert desk.row(second) == SUCCESS


def test_what_is_asked_of_the_index_counts_what_waits_for_it(desk: Desk, kit: Any) -> None:
    first, second = desk.accept(2)
    desk.enter(first)
    lost = kit.result(second, 1, "lost")
    desk.enter(second, 1, "lost")
    assert desk.book.recorded(attempt_of(lost))


def test_several_tries_of_many_deliveries_wait_together(desk: Desk) -> None:
    first, *others = desk.accept(4)
    desk.enter(first)
    for each in others:
        desk.enter(each, 1, "retry", status=500)
        desk.enter(each, 1, "held", reason="a secret is missing")
        desk.enter(each, 2, "failure", status=503)
    desk.seconds += 2 * INDEX_EVERY
    desk.book.follow()
    assert [desk.row(each) for each in others] == [("Failure", "failure", 2, 503, "retry,failure")] * 3


def test_what_somebody_else_appended_in_between_is_read(desk: Desk, node: Any, kit: Any) -> None:
    first, second = desk.accept(2)
    desk.enter(first)
    desk.writer.append("repair", {"segment": "2026-11-23/intake-1.jsonl", "length": 1}).result(10)
    desk.enter(second)
    assert desk.row(second) == SUCCESS
    with History(node.state, refresh=False) as history:
        assert history.damage() == []


def test_a_book_that_was_never_closed_leaves_nothing_out(desk: Desk, node: Any, kit: Any) -> None:
    first, second = desk.accept(2)
    desk.enter(first)
    desk.enter(second)
    assert desk.row(second) == IN_QUEUE

    after = Book(node.state, kit.NODE)
    assert len(after.open) == 0
    assert desk.row(second) == SUCCESS
    after.close()


def test_an_index_that_is_lost_meanwhile_is_built_from_the_journal(desk: Desk, node: Any) -> None:
    first, second, third = desk.accept(3)
    desk.enter(first)
    desk.enter(second)
    for suffix in ("", "-wal", "-shm"):
        (node.state / f"index.sqlite{suffix}").unlink(missing_ok=True)
    desk.book.follow()
    desk.enter(third)
    desk.seconds += 2 * INDEX_EVERY
    desk.book.follow()
    assert [desk.row(each) for each in (first, second, third)] == [SUCCESS] * 3
