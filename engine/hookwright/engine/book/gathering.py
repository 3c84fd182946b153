"""The gathering: all members that wait to go into a batch, kept so that a look costs only what is due."""

from __future__ import annotations

import heapq
from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count, islice
from typing import NamedTuple

from ..batch import Closed, Member, OpenBatch, Reason
from ..delivery import BatchPlan, Splitting
from ..instant import timestamp

SETTLE_MS = 100  # intake journals a member a moment after it was due: until then it may still come


class Group(NamedTuple):
    """What never goes into one batch with anything else. `lane` is what the ledger queues it under."""

    lane: str
    event_type: str
    plan: BatchPlan


@dataclass(frozen=True, slots=True)
class Closing:
    """A batch that is closed and not yet in the journal."""

    group: Group
    batch: Closed

    @property
    def plan(self) -> BatchPlan:
        return self.group.plan

    @property
    def opened(self) -> str:
        return timestamp(self.batch.opened)

    @property
    def due(self) -> str:
        return timestamp(self.batch.due)

    @property
    def reason(self) -> Reason:
        return self.batch.reason

    def split(self, members: int) -> Splitting | None:
        """What the refusal of so many leads to."""
        return "late" if self.plan.split and members > 1 else None


class Gathering:
    """Takes members in, closes batches. Not thread-safe.

    It closes what `batch.gather` says of all members of a group. A batch it closed stays among `closings`,
    unchanged, until `gone` says that the journal has it.
    """

    def __init__(self) -> None:
        # A heap of what was not due yet at the last look; numbers first, since tuples of them compare fast.
        self._coming: list[tuple[int, int, Member, Group]] = []
        self._open: dict[Group, OpenBatch] = {}
        self._ends: list[tuple[int, int, Group]] = []  # a heap of windows' ends; some closed before
        self._serial = count()
        self._closings: dict[str, Closing] = {}  # by their first members

    def add(self, member: Member, group: Group) -> None:
        """One more member, due whenever."""
        heapq.heappush(self._coming, (member.due, member.order, member, group))

    def look(self, now: int) -> None:
        """Close all batches that are full or whose window is over at `now` (Unix milliseconds)."""
        now -= SETTLE_MS
        while self._coming and self._coming[0][0] <= now:
            _, _, member, group = heapq.heappop(self._coming)
            self._enter(member, group)
        while self._ends and self._ends[0][0] <= now:
            _, _, group = heapq.heappop(self._ends)
            window = self._open.get(group)
            if window:
                self._close(group, window.over(now))

    def closings(self, limit: int) -> list[Closing]:
        """The batches to write next, in the order in which they closed."""
        return list(islice(self._closings.values(), limit))

    def gone(self, closing: Closing) -> None:
        """The journal has it, or nothing of it can be read there any more."""
        self._closings.pop(closing.batch.members[0].id, None)

    @property
    def next_at(self) -> int | None:
        """When a look may close something next (Unix milliseconds); 0 while some wait to be written."""
        if self._closings:
            return 0
        first = [self._coming[0][0]] if self._coming else []
        first += [self._ends[0][0]] if self._ends else []
        return min(first) + SETTLE_MS if first else None

    def _enter(self, member: Member, group: Group) -> None:
        window = self._open.get(group) or OpenBatch(group.plan)
        end = window.end if window.members else None
        if window.members and member < window.members[-1]:  # journalled after some that were due later
            waiting = window.members
            insort(waiting, member)
            window = OpenBatch(group.plan)
            closed = [each for one in waiting for each in window.take(one)]
        else:
            closed = list(window.take(member))
        self._open[group] = window
        self._close(group, closed)
        if window.members and window.end != end:
            heapq.heappush(self._ends, (window.end, next(self._serial), group))

    def _close(self, group: Group, closed: Iterable[Closed]) -> None:
        for batch in closed:
            self._closings[batch.members[0].id] = Closing(group, batch)
        if not self._open[group].members:
            del self._open[group]
