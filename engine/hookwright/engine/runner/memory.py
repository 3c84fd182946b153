"""Memory: the events since the oldest open run began that some run may yet wait for."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass

import structlog

from ..run.trigger import Trigger

MOST_EVENTS = 50_000
MOST_BYTES = 64 << 20

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Remembered:
    """An event, and what of it nobody may read."""

    trigger: Trigger
    hidden: frozenset[str] = frozenset()


class Memory:
    """Ordered by acceptance, and bounded: beyond, the oldest go, and that is logged. Not thread-safe."""

    def __init__(self, most: int = MOST_EVENTS, most_bytes: int = MOST_BYTES) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._events: list[Remembered] = []
        self._bytes = 0
        self._told = False

    def __len__(self) -> int:
        return len(self._events)

    def __iter__(self) -> Iterator[Remembered]:
        return iter(self._events)

    def put(self, event: Remembered) -> None:
        insort(self._events, event, key=_age)
        self._bytes += len(event.trigger.raw)
        if len(self._events) > self._most or self._bytes > self._most_bytes:
            self._drop(max(1, len(self._events) // 10))
            if not self._told:
                log.warning(
                    "events_forgotten", reason="more came than is kept for runs that may wait for them"
                )
            self._told = True

    def since(self, at: int) -> list[Remembered]:
        """Those accepted at this time (Unix milliseconds) or later, in that order."""
        return self._events[bisect_left(self._events, at, key=_age) :]

    def forget(self, before: int | None) -> None:
        """Nobody wants what was accepted before; None: nor after."""
        count = len(self._events) if before is None else bisect_left(self._events, before, key=_age)
        self._drop(count)

    def expunge(self, source: str, event_id: str) -> None:
        """Nothing of an event is left."""
        what = (source, event_id)
        self._events = [each for each in self._events if (each.trigger.source, each.trigger.id) != what]
        self._bytes = sum(len(each.trigger.raw) for each in self._events)

    def _drop(self, count: int) -> None:
        self._bytes -= sum(len(each.trigger.raw) for each in self._events[:count])
        del self._events[:count]


def _age(event: Remembered) -> int:
    return event.trigger.at
