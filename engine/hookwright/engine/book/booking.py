"""Booking: results become journal lines, then history, and then are acknowledged; batches close; open work
is offered.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

import structlog

from hookwright.plugins.hookspecs import Encoder

from ..delivery import Result
from ..errors import JournalError, LedgerUnavailable
from ..journal.outcome import Attempt, attempt_of
from ..journal.room import Room
from ..journal.switch import Switch
from ..journal.writer import Entry, Writer, Written
from ..ledger.work import Offer, Offered
from .batching import Batching
from .book import Book, IndexUnavailable
from .expunging import ExpungeLedger
from .herald import Herald
from .splitting import Splitting
from .standing import Standing
from .switchboard import Switchboard, SwitchLedger
from .vigil import Grounds, Vigil

RESULTS_PER_TURN = 1000
OFFERS_PER_TURN = 200
NO_ENCODERS: Mapping[str, Encoder] = MappingProxyType({})

log = structlog.get_logger(__name__)


class BookLedger(SwitchLedger, Protocol):
    """What booking needs of the ledger. Every method raises `LedgerUnavailable` and may then be repeated."""

    def offer(self, offers: Sequence[Offer]) -> Offered: ...

    def results(self, node: str, *, block_ms: int, count: int) -> list[tuple[str, Result | Switch]]: ...

    def acknowledge(self, node: str, upto: str, deliveries: Sequence[str]) -> None: ...

    @property
    def grounds(self) -> Grounds: ...

    @property
    def expunging(self) -> ExpungeLedger: ...

    def halt(self, node: str, on: bool) -> None: ...


class Booking:
    """The ledger's side of the bookkeeper: one `turn` after the other, in one thread.

    `checkpoint` is called with the name of each step that was just done; tests end the process there.
    """

    def __init__(
        self,
        book: Book,
        writer: Writer,
        ledger: BookLedger,
        node: str,
        *,
        encoders: Mapping[str, Encoder] = NO_ENCODERS,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        checkpoint: Callable[[str], None] = lambda _: None,
        room: Room | None = None,
    ) -> None:
        self._book = book
        self._writer = writer
        self._ledger = ledger
        self._node = node
        self._clock = clock
        self._checkpoint = checkpoint
        self._batching = Batching(book, self._append, encoders, clock=clock, checkpoint=checkpoint)
        self._splitting = Splitting(book, self._append, encoders, checkpoint=checkpoint)
        self._herald = Herald(book, writer, clock=clock, checkpoint=checkpoint)
        self._results: list[tuple[str, Result | Switch]] = []
        self._written = False
        self._unacknowledged: tuple[str, set[str]] | None = None
        self._refused: set[str] = set()
        self._drained = False
        self._halted: bool | None = None
        self._room = room or Room(book.folder)
        self._vigil = Vigil(book, ledger.grounds, node, monotonic)
        self._switchboard = Switchboard(book, ledger, node, clock=clock, monotonic=monotonic)
        self.caught_up = False  # results that waited at the start are booked, what was open then is offered

    def turn(self, block_ms: int) -> int:
        """Close batches, book what came in, tell and offer what has to be; wait up to `block_ms` for results.
        How many came.

        Raises `LedgerUnavailable`, `JournalError`, `IndexUnavailable` or `OSError`; the next turn goes
        on where this one stopped. Offers and acknowledgements never overlap: a delivery settled meanwhile
        would be taken in anew.
        """
        try:
            came = self._turn(block_ms)
        except (JournalError, IndexUnavailable, OSError):
            self._halt(True)
            raise
        self._halt(self._room.scarce)
        return came

    def _turn(self, block_ms: int) -> int:
        self._batching.turn()
        self._splitting.turn()
        try:
            self._look()
            self._acknowledge()
            if not self._results:
                self._switchboard.listen()
            came, drained = self._receive(block_ms)
            self._book_results()
            self._acknowledge()
            if drained:
                self._forget_refusals()
            if self._book.whole:
                self._take_over_switches(drained)
                self._switchboard.turn()
            if self._drained and self._book.whole:
                self._vigil.settle()
                self._herald.tell()
                self._offer()
        except LedgerUnavailable:
            self._vigil.hurry()
            raise
        return came

    def book(self) -> int:
        """Only book what came in: of a node that is to be taken over, nothing is closed, told or offered.

        How many came. Raises as `turn`.
        """
        self._acknowledge()
        came, _ = self._receive(0)
        self._book_results()
        self._acknowledge()
        return came

    def _look(self) -> None:
        if self._vigil.look():
            self._doubt()

    def _take_over_switches(self, drained: bool) -> None:
        """What another node switched stands in this node's journal, too: its book says why work is held."""
        lines = self._switchboard.heard() if drained else []
        if lines:
            self._append(lines)
            self._book.follow()

    def _doubt(self) -> None:
        """The ledger lost data: all that is open has to be offered again."""
        self._switchboard.doubt()
        with self._book.lock:
            self._book.open.doubt_all()
        self._drained = False  # what it still has of results comes first
        self._halted = None  # and it may hold an older word, or none
        if self._unacknowledged:  # stream ids of lost data mean nothing
            self._unacknowledged = ("0-0", self._unacknowledged[1])

    def _receive(self, block_ms: int) -> tuple[int, bool]:
        """Read results unless some wait already: how many are in hand, and whether there are no more."""
        if not self._results:
            block = 0 if self._drained and self._work_waits() else self._until_a_batch(block_ms)
            self._results = self._ledger.results(self._node, block_ms=block, count=RESULTS_PER_TURN)
        drained = len(self._results) < RESULTS_PER_TURN
        self._drained = self._drained or drained
        return len(self._results), drained

    def _until_a_batch(self, most: int) -> int:
        wait = self._batching.wait()
        return most if wait is None else min(wait, most)

    def _work_waits(self) -> bool:
        with self._book.lock:
            return bool(self._refused) or self._book.open.overdue

    def _book_results(self) -> None:
        if not self._results:
            return
        if not self._written:
            self._follow_intake()
            lines, written = self._write()
            self._written = True
            self._checkpoint("fsynced")
            self._book.enter(lines, written)
        else:
            self._book.follow()
        self._checkpoint("indexed")
        booked, self._results, self._written = self._results, [], False
        with self._book.lock:
            results = [result for _, result in booked if isinstance(result, Result)]
            over = set(filter(self._book.open.is_over, {each.delivery for each in results}))
            self._book.open.doubt(each.delivery for each in results if each.is_spoiled)
        self._unacknowledged = (booked[-1][0], over)

    def _follow_intake(self) -> None:
        """Intake journals a delivery before it offers it: after this, all that have results are known."""
        if not self._all_known():
            self._book.follow()
        if not self._all_known():
            self._book.follow(thorough=True)

    def _all_known(self) -> bool:
        with self._book.lock:
            known = self._book.open
            return all(each.delivery in known for _, each in self._results if isinstance(each, Result))

    def _write(self) -> tuple[list[Entry], Written]:
        with self._book.lock:
            lines = self._lines()
            return lines, self._append(lines)

    def _append(self, lines: Sequence[Entry]) -> Written:
        with self._book.lock:  # nobody reads lines that may be cut again
            return self._writer.append_many(lines).result()

    def _lines(self) -> list[Entry]:
        standings: dict[str, Standing] = {}
        lost: set[Attempt] = set()
        lines: list[Entry] = []
        for _, result in self._results:
            if isinstance(result, Switch):
                lines.extend(self._switchboard.lines(result))
                continue
            if result.outcome == "lost":
                attempt = attempt_of(result)
                if not (result.is_spoiled or attempt in lost or self._book.recorded(attempt)):
                    lost.add(attempt)
                    lines.append(Entry("lease_lost", attempt))
                continue
            standing = standings.get(result.delivery)
            if standing is None:
                standing = standings[result.delivery] = self._standing(result.delivery)
            lines.extend(standing.lines(result))
        return lines

    def _standing(self, delivery: str) -> Standing:
        opening = self._book.open.get(delivery)
        if opening is None or self._book.open.is_over(delivery):
            return Standing(open=False)
        return Standing(True, opening.attempts, opening.held, opening.ended)

    def _halt(self, on: bool) -> None:
        """Stop claims of this node's deliveries while their history cannot be written, or soon could not."""
        if on == self._halted:
            return
        try:
            self._ledger.halt(self._node, on)
        except LedgerUnavailable:
            return
        self._halted = on

    def _acknowledge(self) -> None:
        if self._unacknowledged:
            upto, over = self._unacknowledged
            self._ledger.acknowledge(self._node, upto, sorted(over))
            self._unacknowledged = None
            self._checkpoint("acknowledged")

    def _forget_refusals(self) -> None:
        """Offer again what was refused for the sake of a result, now booked, and is open all the same.

        The ledger, having lost the delivery, kept a tombstone of it with a result that did not end it.
        """
        if self._refused:
            self._ledger.acknowledge(self._node, "0-0", sorted(self._refused))
            with self._book.lock:
                self._book.open.doubt(self._refused)
            self._refused = set()

    def _offer(self) -> None:
        with self._book.lock:
            offers = self._book.open.next_offers(OFFERS_PER_TURN, int(self._clock() * 1000))
        if offers:
            answer = self._ledger.offer(offers)
            with self._book.lock:
                self._book.open.verified(offer.delivery.id for offer in offers)
            self._refused.update(answer.refused)
            if self._vigil.lost(answer.epoch):
                self._doubt()
        with self._book.lock:
            self.caught_up = self.caught_up or not (self._refused or self._book.open.overdue)
