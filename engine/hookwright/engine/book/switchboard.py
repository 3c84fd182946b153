"""The switchboard of a node: tells the ledger of every switch, and ends what one has held for too long."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from hookwright.rules.model import MAX_AGE

from ..delivery import Result, too_old
from ..history.index import Behind
from ..journal.switch import Switch, switch_entry
from ..journal.writer import Entry
from ..ledger.work import Expired
from .book import Book

TOLD_PER_CALL = 1000
EXPIRED_PER_TURN = 500
LISTEN_EVERY = 1.0  # seconds between looks for what other nodes switched
EXPIRE_EVERY = 60.0  # seconds between looks for what a switch has held for too long

log = structlog.get_logger(__name__)


class SwitchLedger(Protocol):
    """What the switchboard needs of the ledger. All raise `LedgerUnavailable` and may then be repeated."""

    def switch(self, switches: Sequence[Switch]) -> int: ...

    def switches(self, endpoints: Sequence[str] = ()) -> tuple[tuple[Switch, ...], tuple[int, ...]]: ...

    def expire(self, node: str, expired: Sequence[Expired]) -> int: ...


class Switchboard:
    """Used by the thread that books. `clock` answers Unix seconds, `max_age` is in milliseconds."""

    def __init__(
        self,
        book: Book,
        ledger: SwitchLedger,
        node: str,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        max_age: int = MAX_AGE,
    ) -> None:
        self._book = book
        self._ledger = ledger
        self._node = node
        self._clock = clock
        self._monotonic = monotonic
        self._max_age = max_age
        self._told = -1  # the version of the switches that the ledger knows
        self._expire_at = float("-inf")
        self._listen_at = float("-inf")
        self._said: tuple[Switch, ...] = ()

    def doubt(self) -> None:
        """The ledger may have lost everything: tell it all again."""
        self._told = -1

    def turn(self) -> None:
        """What is off must be off before anything is offered: call it before each offer."""
        with self._book.lock:
            version, switches = self._book.switches.version, self._book.switches.all()
        if version != self._told:
            for start in range(0, len(switches), TOLD_PER_CALL):
                self._ledger.switch(switches[start : start + TOLD_PER_CALL])
            self._told = version
        if self._monotonic() >= self._expire_at:
            self._expire()

    def listen(self) -> None:
        """Hear what other nodes switched. What this node is to book itself stands on its stream by then."""
        if self._monotonic() >= self._listen_at:
            self._said, _ = self._ledger.switches()
            self._listen_at = self._monotonic() + LISTEN_EVERY

    def heard(self) -> list[Entry]:
        """The lines of what was heard and this node's journal does not say: call it when the stream is empty.

        Whoever journalled a switch first tells of it, so nobody is told here.
        """
        said, self._said = self._said, ()
        if not any(each.after(self._book.switches.get(each.name)) for each in said):
            return []
        self._book.follow(thorough=True)  # intake journals what a person switched before it tells the ledger
        new = [each for each in said if each.after(self._book.switches.get(each.name))]
        return [switch_entry(each, each.state) for each in new]

    def lines(self, switch: Switch) -> list[Entry]:
        """The line of a switch that failures caused, unless it has been read before."""
        known = self._book.switches.get(switch.name)
        if known is not None and (known.at, known.state) == (switch.at, switch.state):
            return []
        log.warning("subscriber_disabled", name=switch.name, reason=switch.reason)
        return [switch_entry(switch, "disabled")]

    def _expire(self) -> None:
        """End what waited too long; the results then come like all others."""
        now = int(self._clock() * 1000)
        with self._book.lock:
            behind = self._book.behind(now - self._max_age, EXPIRED_PER_TURN)
            expired = [self._expired(each, now) for each in behind]
        ended = self._ledger.expire(self._node, expired) if expired else 0
        if ended < EXPIRED_PER_TURN:
            self._expire_at = self._monotonic() + EXPIRE_EVERY

    def _expired(self, behind: Behind, now: int) -> Expired:
        switch = self._book.switches.holding(behind.endpoint)
        why = f" ({switch.why})" if switch else ""
        result = Result(
            delivery=behind.id,
            node=self._node,
            attempt=behind.attempts,
            outcome="skipped",
            at=now,
            reason=f"{too_old(self._max_age)}{why}",
        )
        return Expired(behind.endpoint, result)
