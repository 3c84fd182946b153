"""The vigil: notices that the ledger lost data, all of it or its last part, and sets right what is left.

A Redis that comes back with an older copy still holds deliveries that are over, knows less of others, lacks
some. What it holds is compared with the book, what the book knows better is dropped, and all that is open is
offered again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import structlog

from ..ledger.work import Ground, Holding
from .book import Book

LOOK_EVERY = 0.5  # seconds between looks at whether the ledger lost data
EMPTY_EVERY = 10.0  # seconds, at least, between emptyings of one that goes on evicting keys
LINGER = 600.0  # seconds after which a claim of before is nobody's: its worker heard no more of it

log = structlog.get_logger(__name__)


class Grounds(Protocol):
    """What the vigil needs of a ledger. Every method raises `LedgerUnavailable` and may then be repeated."""

    def look(self, node: str) -> Ground: ...

    def vouch(self, node: str, server: str) -> None: ...

    def holding(self, node: str) -> list[Holding]: ...

    def empty(self) -> None: ...

    def drop(self, node: str, deliveries: Sequence[str]) -> None: ...


class Vigil:
    """Used by the thread that books. `monotonic` is a monotonic clock in seconds."""

    def __init__(
        self, book: Book, grounds: Grounds, node: str, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._book = book
        self._grounds = grounds
        self._node = node
        self._monotonic = monotonic
        self._epoch: str | None = None
        self._at = float("-inf")
        self._ground: Ground | None = None  # what is still to be vouched for
        self._vouched = False  # whether that was ever done, or begun
        self._review = True  # a predecessor may have ended before it had set all right
        self._evicted = False
        self._emptied_at = float("-inf")
        self._lingering: dict[str, str] = {}
        self._linger_at = float("inf")

    def hurry(self) -> None:
        """The ledger may have lost data: look before anything else."""
        self._at = float("-inf")

    def look(self) -> bool:
        """Whether the ledger lost data since the last look; it looks at most twice a second."""
        now = self._monotonic()
        if now - self._at < LOOK_EVERY:
            return False
        ground = self._grounds.look(self._node)
        self._at = now
        self._evicted = self._evicted or ground.evicted
        if self._evicted and now - self._emptied_at >= EMPTY_EVERY:
            log.error("ledger_evicted_keys", hint="set maxmemory-policy noeviction")
            self._grounds.empty()
            self._evicted, self._emptied_at = False, now
        lost = self.lost(ground.epoch)
        if not ground.kept and not lost:
            log.warning("ledger_may_have_lost_its_last_data", open=len(self._book.open))
        if not ground.kept or ground.awaited or not self._vouched:
            self._ground, self._vouched = ground, True
            self._review = self._review or not ground.kept
        return lost or not ground.kept

    def lost(self, epoch: str) -> bool:
        """Whether this epoch, in the ledger's answer, is another than the last."""
        known, self._epoch = self._epoch, epoch
        if known in {None, epoch}:
            return False
        log.warning("ledger_lost_its_data", open=len(self._book.open))
        return True

    def settle(self) -> None:
        """Compare what the ledger holds with the book, and vouch for it: when all results are booked."""
        if self._ground is not None:
            if self._review:
                self._compare()
            self._grounds.vouch(self._node, self._ground.server)
            self._ground = None
        if self._monotonic() >= self._linger_at:
            self._end_lingering()

    def _compare(self) -> None:
        held = self._grounds.holding(self._node)
        self._book.follow(thorough=True)  # intake journals before it offers: all that are held are known now
        with self._book.lock:
            wrong = sorted({each.id for each in held if self._knows_better(each)})
        self._drop(wrong)
        self._lingering = {each.id: each.token for each in held if each.token and each.id not in wrong}
        self._linger_at = self._monotonic() + LINGER if self._lingering else float("inf")
        self._review = False
        if wrong:
            log.warning("ledger_held_what_is_over", deliveries=len(wrong))

    def _knows_better(self, held: Holding) -> bool:
        opening = self._book.open.get(held.id)
        return opening is None or opening.attempts > held.attempts

    def _end_lingering(self) -> None:
        """A claim of before the loss that stands unchanged was given back in what was lost."""
        now = {each.id: each.token for each in self._grounds.holding(self._node)}
        self._drop([each for each, token in self._lingering.items() if now.get(each) == token])
        self._lingering, self._linger_at = {}, float("inf")

    def _drop(self, deliveries: Iterable[str]) -> None:
        dropped = list(deliveries)
        if dropped:
            self._grounds.drop(self._node, dropped)
            with self._book.lock:
                self._book.open.doubt(dropped)
