"""Emissions: the open deliveries of a node that become events, by the time at which they are due."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from ..delivery import Result
from .emitting import Emission, emitted_id


class Emissions:
    """Not thread-safe. `emitted` are the ids of events that were emitted lately."""

    def __init__(self) -> None:
        self._open: dict[str, Emission] = {}
        self._times: list[tuple[int, str]] = []
        self.emitted: set[str] = set()

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Emission]:
        return iter(self._open.values())

    def put(self, emission: Emission) -> None:
        delivery = emission.delivery
        if delivery.id not in self._open:
            self._open[delivery.id] = emission
            heapq.heappush(self._times, (delivery.due, delivery.id))

    def drop(self, delivery: str) -> Emission | None:
        """It has ended."""
        return self._open.pop(delivery, None)

    def take(self, now: int, limit: int) -> list[Emission]:
        """Up to `limit` that are due; `again` puts back what could not be done."""
        found: list[Emission] = []
        while self._times and self._times[0][0] <= now and len(found) < limit:
            emission = self._open.get(heapq.heappop(self._times)[1])
            if emission is not None and emission.result is None:
                found.append(emission)
        return found

    def again(self, emission: Emission, at: int) -> None:
        """It is to be tried again `at` this time."""
        heapq.heappush(self._times, (at, emission.delivery.id))

    def results(self) -> list[Result]:
        """How those went whose end is not booked."""
        return [each.result for each in self._open.values() if each.result is not None]

    def wait_until(self) -> int | None:
        """When the next of them is due (Unix milliseconds)."""
        return self._times[0][0] if self._times else None

    def tidy(self) -> None:
        """Forget the events of which no delivery is open."""
        self.emitted &= {emitted_id(each.delivery.message) for each in self._open.values()}
