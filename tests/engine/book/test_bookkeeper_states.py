"""Any order of accepting, working, losing, repeating and crashing leaves one terminal line a delivery, and
tells every failure in one notice.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from hookwright.engine.book.book import Book
from hookwright.engine.book.booking import Booking
from hookwright.engine.errors import LedgerUnavailable
from hookwright.engine.history.digest import WINDOW
from hookwright.engine.instant import milliseconds
from hookwright.engine.journal.repair import repair
from hookwright.engine.journal.writer import Writer

NAMES = ["webhook/h0", "webhook/h1"]
STATES = ["enabled", "disabled", "paused"]
POINTS = ["fsynced", "indexed", "acknowledged", "noticed"]
OUTCOMES = ["success", "retry", "failure", "held", "cancelled", "lost"]


class Crashed(BaseException):
    pass


class Bookkeeping(RuleBasedStateMachine):
    """A bookkeeper and everything that may happen around it, on a clock that only turns move."""

    kit: Any

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="hw-"))
        self.node = self.kit.Node(self.folder / "state", fsync=lambda _: None)
        self.server = self.kit.Server()
        self.accepted: dict[str, Any] = {}
        self.history: list[Any] = []  # results that were settled, for repeating them
        self.copied: dict[str, Any] = {}
        self.switched: list[Any] = []
        self.seconds = 0.0
        self.crash_at = ""
        self.start()

    def start(self) -> None:
        repair(self.node.history, fsync=lambda _: None)
        self.book = Book(self.node.state, self.kit.NODE, lambda: self.seconds, index_every=0)
        self.writer = Writer(self.node.history, "book", clock=self.node.clock, fsync=lambda _: None, cut=True)
        self.booking = Booking(
            self.book,
            self.writer,
            self.kit.MemoryLedger(self.server),
            self.kit.NODE,
            clock=self.node.clock,
            monotonic=lambda: self.seconds,
            checkpoint=self.checkpoint,
        )

    def checkpoint(self, name: str) -> None:
        if name == self.crash_at:
            raise Crashed

    def end(self) -> None:
        self.writer.close()
        self.book.close()

    def advance(self) -> None:
        self.book.follow()
        try:
            self.booking.turn(0)
        except LedgerUnavailable:
            assert self.server.down

    @rule(subscribers=st.integers(1, 3), intake_offers=st.booleans())
    def accept(self, subscribers: int, intake_offers: bool) -> None:
        names = [f"h{i}" for i in range(subscribers)]
        found = self.node.accept(f"e{len(self.accepted)}", *names)
        self.accepted |= {each.id: each for each in found}
        if intake_offers and not self.server.down:
            ledger = self.kit.MemoryLedger(self.server)
            ledger.offer([self.kit.Offer(each, b'{"a":1}') for each in found])

    @rule(which=st.integers(0, 1000), outcome=st.sampled_from(OUTCOMES))
    def work(self, which: int, outcome: str) -> None:
        offers = list(self.server.offers.values())
        if offers and not self.server.down:
            offer = offers[which % len(offers)]
            notify = ("admins",) if outcome == "failure" and not offer.delivery.notifier else ()
            settled = self.kit.result(
                offer.delivery, offer.attempts + 1, outcome, reason=str(which % 2), notify=notify
            )
            self.history.append(settled)
            self.server.settle(settled)

    @rule(name=st.sampled_from(NAMES), state=st.sampled_from(STATES), skew=st.integers(-2, 2))
    def switch_by_hand(self, name: str, state: str, skew: int) -> None:
        """Somebody's clock may be a little off; the later one counts all the same."""
        switch = self.node.switch(name, state, self.kit.NOW + len(self.switched) + skew)
        self.switched.append(switch)
        if not self.server.down:
            self.kit.MemoryLedger(self.server).switch([switch])

    @rule(name=st.sampled_from(NAMES))
    def fail_too_often(self, name: str) -> None:
        last = self.server.switches.get(name)
        at = max(self.kit.NOW + len(self.switched), last.at + 1 if last else 0)
        switch = self.kit.Switch(name=name, state="disabled", reason="3 failed", by="hookwright", at=at)
        if not self.server.down:
            self.switched.append(switch)
            self.server.switch_off(switch)

    @rule()
    def let_a_week_pass(self) -> None:
        self.node.now += 7 * 86_400_000 + 1
        self.seconds += 61

    @precondition(lambda self: self.history)
    @rule(which=st.integers(0, 1000))
    def repeat_a_result(self, which: int) -> None:
        self.server.sequence += 1
        self.server.stream.append((self.server.sequence, self.history[which % len(self.history)]))

    @rule(late=st.lists(st.tuples(st.integers(0, 1000), st.sampled_from(OUTCOMES)), max_size=3))
    def lose_the_ledger(self, late: list[tuple[int, str]]) -> None:
        """And with it the claims of workers that settle only now, before anything is offered again."""
        claimed = list(self.server.offers.values())
        self.server.flush()
        for which, outcome in late if claimed and not self.server.down else []:
            offer = claimed[which % len(claimed)]
            if offer.delivery.id not in self.server.tombstones:
                self.server.settle(self.kit.result(offer.delivery, offer.attempts + 1, outcome))

    @rule()
    def copy_the_ledger(self) -> None:
        self.copied = self.server.copy()

    @precondition(lambda self: self.copied)
    @rule()
    def bring_back_the_copy(self) -> None:
        """It starts again from what it held once: some is over, some has gone on, some is missing."""
        self.server.bring_back(self.copied)

    @rule(down=st.booleans())
    def take_the_ledger_away_or_bring_it_back(self, down: bool) -> None:
        self.server.down = down

    @rule(seconds=st.sampled_from([0.0, 0.6, 3.0]), passed=st.sampled_from([0, WINDOW // 2, WINDOW]))
    def turn(self, seconds: float, passed: int) -> None:
        self.seconds += seconds
        self.node.now += passed
        self.advance()

    @rule(point=st.sampled_from(POINTS), kept=st.integers(0, 100), without_index=st.booleans())
    def crash(self, point: str, kept: int, without_index: bool) -> None:
        """Die at this point of the next turn; what was not synced by then is kept in part."""
        before = self.book_sizes()
        self.crash_at = point
        crashed = False
        try:
            self.advance()
        except Crashed:
            crashed = True
        self.crash_at = ""
        self.end()
        if crashed and point in {"fsynced", "noticed"}:
            self.lose_unsynced(before, kept)
        if without_index:
            for path in self.node.state.glob("index.sqlite*"):
                path.unlink()
        self.start()

    def book_sizes(self) -> dict[Path, int]:
        return {path: path.stat().st_size for path in self.node.history.glob("*/book-*.jsonl")}

    def lose_unsynced(self, before: dict[Path, int], kept: int) -> None:
        for path, size in self.book_sizes().items():
            old = before.get(path, 0)
            with path.open("r+b") as file:
                file.truncate(old + (size - old) * kept // 100)

    @invariant()
    def every_delivery_is_open_or_settled_once(self) -> None:
        settled = self.node.settled()
        self.book.follow()
        known = self.accepted.keys() | self.notices()
        assert settled.keys() <= known
        assert {each for each in known if each in self.book.open} == known - settled.keys()
        assert len(self.book.open) == len(known) - len(settled)

    def notices(self) -> set[str]:
        return {line["id"] for line in self.node.lines("notice")}

    @invariant()
    def no_failure_is_told_twice(self) -> None:
        told = self.told()
        assert len(told) == len(set(told))
        assert set(told) <= self.to_tell()

    def told(self) -> list[str]:
        return [each for line in self.node.lines("notice") for each in line["about"]]

    def to_tell(self) -> set[str]:
        return {line["delivery"] for line in self.node.lines("settled") if line.get("notify")}

    @invariant()
    def no_subscriber_is_told_of_twice_in_a_window(self) -> None:
        last: dict[str, int] = {}
        for line in self.node.lines("notice"):
            at = milliseconds(line["at"])
            assert at - last.get(line["entityId"], at - WINDOW) >= WINDOW
            last[line["entityId"]] = at

    def teardown(self) -> None:
        self.server.down = False
        self.every_switch_arrives()
        last = max((each.at for each in self.switched), default=0)
        for name in NAMES:
            self.node.switch(name, "enabled", last + 10)
        for _ in range(30):
            self.seconds += 3
            self.node.now += WINDOW
            self.advance()
            for offer in list(self.server.offers.values()):
                self.server.settle(self.kit.result(offer.delivery, offer.attempts + 1))
        try:
            assert self.node.settled().keys() == self.accepted.keys() | self.notices()
            assert set(self.told()) == self.to_tell()
            assert self.server.stream == []
            assert self.server.tombstones == set()
        finally:
            self.end()
            self.node.intake.close()
            shutil.rmtree(self.folder)

    def every_switch_arrives(self) -> None:
        """The ledger and the index agree on the last word, whatever was lost and whoever came first."""
        for _ in range(3):
            self.seconds += 3
            self.advance()
        for name in NAMES:
            known, there = self.book.switches.get(name), self.server.switches.get(name)
            assert (known and known.state) == (there and there.state)


def bookkeeping(kit: Any) -> type[Bookkeeping]:
    return type("Bookkeeping", (Bookkeeping,), {"kit": kit})


def test_every_accepted_delivery_ends_with_exactly_one_terminal_line(kit: Any) -> None:
    run_state_machine_as_test(
        bookkeeping(kit),
        settings=settings(
            max_examples=20, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.mark.slow
def test_every_accepted_delivery_ends_with_exactly_one_terminal_line_at_length(kit: Any) -> None:
    run_state_machine_as_test(
        bookkeeping(kit),
        settings=settings(
            max_examples=300, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
