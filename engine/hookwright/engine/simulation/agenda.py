"""The agenda: what is to be done when, on a clock that jumps from one entry to the next."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count


class Agenda:
    """`now` is Unix milliseconds. Entries of one time are done in the order in which they were made."""

    def __init__(self, now: int) -> None:
        self.now = now
        self._entries: list[tuple[int, int, Callable[[], None]]] = []
        self._serial = count()

    def at(self, when: int, action: Callable[[], None]) -> None:
        """Do `action` then, or next when that is past."""
        heapq.heappush(self._entries, (max(when, self.now), next(self._serial), action))

    @property
    def next_at(self) -> int | None:
        return self._entries[0][0] if self._entries else None

    def turn(self) -> None:
        """Jump to the next entry and do it."""
        self.now, _, action = heapq.heappop(self._entries)
        action()
