"""The legacy of a node that is gone: what it had under way comes to its end, and its own journal says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..journal.lineage import BOOK
from ..journal.repair import Repair, repair
from ..journal.writer import Writer
from ..ledger.work import Holding
from ..state import State
from .book import Book
from .booking import Booking, BookLedger
from .vigil import Grounds

LOOK_EVERY = 0.2  # seconds; often enough for `beat`, which others take for a worker's


class LegacyGrounds(Grounds, Protocol):
    """Every method raises `LedgerUnavailable` and may then be repeated."""

    def adopted(self, node: str, by: str) -> None: ...


class LegacyLedger(BookLedger, Protocol):
    """What settling a legacy needs of the ledger: that of a worker which claims nothing."""

    def beat(self) -> bool: ...

    @property
    def grounds(self) -> LegacyGrounds: ...


@dataclass(frozen=True, slots=True)
class Settled:
    """How many results were booked, and how many deliveries are open."""

    booked: int
    open: int


def settle(
    state: Path,
    node: str,
    ledger: LegacyLedger,
    *,
    pause: Callable[[int], object],
) -> Settled:
    """Take everything of a node out of the ledger, and book into its own journal what came of it.

    Nothing of it is claimed any more; what is in flight ends, or its worker is found dead. Then what is open
    stands in the journal alone. `pause` waits about `LOOK_EVERY` and hears how many calls are under way.
    The caller owns the folder. Raises `LedgerUnavailable`, `JournalError`, `IndexUnavailable` or `OSError`;
    it may then be called again.
    """
    ledger.halt(node, True)
    repaired = repair(State(state).history)
    with closing(Book(state, node)) as book, closing(Writer(book.folder, BOOK, cut=True)) as writer:
        for each in repaired:
            if isinstance(each, Repair):
                writer.append("repair", each).result()
        booking = Booking(book, writer, ledger, node)
        booked = 0
        while True:
            ledger.beat()
            flying = _drop_idle(ledger.grounds, node)
            while came := booking.book():
                booked += came
            if not flying:
                book.follow(thorough=True)
                return Settled(booked, book.count()[0])
            pause(flying)


def _drop_idle(grounds: LegacyGrounds, node: str) -> int:
    """Forget what is not in flight: the journal knows all of it. How many are in flight."""
    held: dict[str, Holding] = {each.id: each for each in grounds.holding(node)}
    idle: Sequence[str] = [each.id for each in held.values() if each.token is None]
    grounds.drop(node, idle)
    return len(held) - len(idle)
