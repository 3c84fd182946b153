"""The courses: every open run of a node, found by id, key, delivery, time and what it waits for."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator

from ..run.admission import Standing
from .course import Call, Course
from .listening import Listeners

_Key = tuple[str, str]


class Courses:
    """Not thread-safe. Whoever changes a course calls `put` again."""

    def __init__(self) -> None:
        self._open: dict[str, Course] = {}
        self._of_key: defaultdict[_Key, dict[str, Course]] = defaultdict(dict)
        self._keys: dict[str, _Key] = {}
        self._queued: defaultdict[_Key, set[str]] = defaultdict(set)
        self._of_delivery: dict[str, str] = {}
        self._times: list[tuple[int, int, str]] = []
        self.listeners = Listeners()
        self.ready: dict[str, None] = {}  # those with news, in order

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Course]:
        return iter(self._open.values())

    def get(self, run: str) -> Course | None:
        return self._open.get(run)

    def put(self, course: Course) -> None:
        """Know a course as it stands now."""
        self._open[course.id] = course
        for delivery in course.calls:
            self._of_delivery[delivery] = course.id
        key = (course.entity_id, course.key)
        if (course.begun or course.queued) and course.id not in self._keys:
            self._keys[course.id] = key
            self._of_key[key][course.id] = course
        self._queue(key, course.id, queued=course.queued)
        records = course.run.records.values() if course.run and course.begun else ()
        self.listeners.put(course.id, records)
        at = self.time_of(course)
        if at is not None and at != course.timed:
            course.timed = at
            heapq.heappush(self._times, (at, course.rank, course.id))

    def drop(self, course: Course) -> None:
        """It is over."""
        self._open.pop(course.id, None)
        self.ready.pop(course.id, None)
        self.listeners.put(course.id, ())
        for delivery in course.calls:
            self._of_delivery.pop(delivery, None)
        self._queue((course.entity_id, course.key), course.id, queued=False)
        key = self._keys.pop(course.id, None)
        if key is not None:
            self._of_key[key].pop(course.id, None)
            if not self._of_key[key]:
                del self._of_key[key]

    def of_delivery(self, delivery: str) -> tuple[Course, Call] | None:
        """The course that waits for the end of a delivery."""
        course = self._open.get(self._of_delivery.get(delivery, ""))
        call = course.calls.get(delivery) if course else None
        return (course, call) if course and call else None

    def has_queue(self, course: Course) -> bool:
        """Whether anybody of the same automation and key waits for its turn."""
        return (course.entity_id, course.key) in self._queued

    def with_key(self, course: Course) -> list[Course]:
        """The others of the same automation and key that began or wait for their turn, oldest first."""
        found = self._of_key.get((course.entity_id, course.key), {}).values()
        return sorted((each for each in found if each.id != course.id), key=lambda each: each.rank)

    def wait_until(self) -> int | None:
        """When the next of them goes on by itself (Unix milliseconds)."""
        while self._times and not self._stands(*self._times[0]):
            at, _, name = heapq.heappop(self._times)
            course = self._open.get(name)
            if course is not None and course.timed == at:
                course.timed = None
        return self._times[0][0] if self._times else None

    def due(self, now: int) -> None:
        """Those whose time has come are ready."""
        while (at := self.wait_until()) is not None and at <= now:
            name = heapq.heappop(self._times)[2]
            self._open[name].timed = None
            self.ready[name] = None

    def take(self, limit: int) -> list[Course]:
        """Up to `limit` of those that are ready, oldest first."""
        names = [name for name, _ in zip(self.ready, range(limit), strict=False)]
        for name in names:
            del self.ready[name]
        found = [self._open[name] for name in names if name in self._open]
        return sorted(found, key=lambda course: (course.due if not course.begun else 0, course.rank))

    def _queue(self, key: _Key, run: str, *, queued: bool) -> None:
        if queued:
            self._queued[key].add(run)
        elif key in self._queued:
            self._queued[key].discard(run)
            if not self._queued[key]:
                del self._queued[key]

    @staticmethod
    def time_of(course: Course) -> int | None:
        """When it goes on by itself; None when only news takes it on."""
        if course.begun:
            return course.wake
        return None if course.queued else course.due

    def _stands(self, at: int, _rank: int, name: str) -> bool:
        course = self._open.get(name)
        return course is not None and name not in self.ready and self.time_of(course) == at


def standings(courses: Iterable[Course]) -> list[Standing]:
    """As admission sees them."""
    return [Standing(id=course.id, begun=course.begun) for course in courses]
