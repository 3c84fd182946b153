"""The offering: hands what intake has just journalled to the ledger, once.

It never tries again: a delivery that did not arrive is offered by the bookkeeper, which alone can tell it
from one that arrived, was delivered and is already booked.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from ..delivery import Delivery
from ..errors import LedgerUnavailable

FRESH_SECONDS = 1.0  # older work is left to the bookkeeper, which starts on it after twice this
MOST_PER_CALL = 500

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Fresh:
    """One delivery just journalled, with its body. `accepted` is on the clock of the offering (seconds)."""

    delivery: Delivery
    body: bytes
    accepted: float


class Offerable(Protocol):
    """What can be offered like a `Fresh`."""

    @property
    def delivery(self) -> Delivery: ...
    @property
    def body(self) -> bytes: ...
    @property
    def accepted(self) -> float: ...


class Offering:
    """A queue and its thread.

    `offer` hands deliveries to the ledger, and raises `LedgerUnavailable`. `limit` bounds the deliveries
    accepted while the ledger does not answer.
    """

    def __init__(
        self, offer: Callable[[Sequence[Offerable]], object], *, limit: int, clock: Callable[[], float]
    ) -> None:
        self._offer = offer
        self._limit = limit
        self._clock = clock
        self._queue: queue.SimpleQueue[Sequence[Offerable] | None] = queue.SimpleQueue()
        self._queued = 0  # deliveries in the queue
        self._counting = threading.Lock()
        self._spooled = 0
        self._away = False
        self.crowded = False  # whether the ledger will soon have no room for more
        self._thread = threading.Thread(target=self._run, name="offering", daemon=True)
        self._thread.start()

    @property
    def full(self) -> bool:
        """Whether no more may be accepted until the ledger answers again, or has room."""
        return self.crowded or self._spooled + self._queued >= self._limit

    @property
    def spooled(self) -> int:
        """Deliveries accepted since the ledger last answered, waiting in the journal alone."""
        return self._spooled

    def put(self, fresh: Sequence[Offerable]) -> None:
        if fresh:
            with self._counting:
                self._queued += len(fresh)
            self._queue.put(fresh)

    def ledger_takes_offers(self) -> None:
        """Somebody's offer got through: what waits in the journal is now the bookkeeper's to offer."""
        self._spooled = 0

    def close(self) -> None:
        """Offer what is queued, then stop."""
        self._queue.put(None)
        self._thread.join(timeout=5)

    def _run(self) -> None:
        going = True
        while going:
            batch, going = self._take()
            fresh = [one for one in batch if self._clock() - one.accepted < FRESH_SECONDS]
            self._spooled += len(batch) - len(fresh)
            if fresh:
                self._hand_over(fresh)

    def _take(self) -> tuple[list[Offerable], bool]:
        """What waits, up to about MOST_PER_CALL, and whether there may be more to come."""
        batch: list[Offerable] = []
        some = self._queue.get()
        while some is not None:
            batch += some
            with self._counting:
                self._queued -= len(some)
            if len(batch) >= MOST_PER_CALL or self._queue.empty():
                return batch, True
            some = self._queue.get()
        return batch, False

    def _hand_over(self, fresh: list[Offerable]) -> None:
        try:
            self._offer(fresh)
        except LedgerUnavailable as error:
            self._spooled += len(fresh)
            if not self._away:  # said once an outage
                log.warning("ledger_unavailable", reason=str(error), spooled=self._spooled)
            self._away = True
        else:
            self._away = False
            self._spooled = 0
