"""Follows the journal: reads every segment on from where it was left, and puts fan-outs back together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from msgspec import Struct

from .acceptance import Accepted, AcceptedMore, JournalledEvent, Planned
from .carried import CarriedAttempt, Kept, since
from .expunge import Expunge, Expunged
from .fields import Alone, decode
from .job import Job
from .lineage import reading_order
from .opened import Opened, OpenedMore
from .outcome import Booked
from .reader import Damage, Found, Reader
from .runs import CancelLine, PlannedRun, RunLine, StepLine
from .segment import Position, list_segments
from .switch import Switch, Switched
from .tail import Progress, Tail


class Fanout(Struct, frozen=True):
    """A whole accepted event: where its first line stands, and each delivery with the line it stands in.

    One that was carried forward holds what was open of it, and `at` is when it was accepted first.
    """

    position: Position
    at: int
    event: JournalledEvent
    revision: str
    fingerprint: str
    deliveries: tuple[tuple[Position, Planned], ...]
    runs: tuple[PlannedRun, ...] = ()

    @property
    def carried(self) -> bool:
        return bool(self.deliveries) and self.deliveries[0][1].carried is not None


class Entered(Struct, frozen=True):
    """A line of the bookkeeper's about one delivery. `at` is Unix milliseconds.

    `number` is that of a delivery that was open when the line was written, where its writer knows it.
    """

    position: Position
    at: int
    kind: str
    fields: Booked
    number: int = 0


@dataclass(frozen=True, slots=True)
class Derived:
    """A delivery opened by a line of its own kind, not by an event; `at` is Unix milliseconds.

    That of one that was carried forward is when it was opened first.
    """

    position: Position
    at: int
    opened: Opened


@dataclass(frozen=True, slots=True)
class Turned:
    """A subscriber or an endpoint was switched on or off."""

    position: Position
    switch: Switch


@dataclass(frozen=True, slots=True)
class Reported:
    """How the replay of many deliveries stands."""

    position: Position
    job: Job


@dataclass(frozen=True, slots=True)
class Expunging:
    """The content of an event has to go, or is gone. `at` is Unix milliseconds."""

    at: int
    said: Expunge | Expunged


class Advanced(Struct, frozen=True):
    """How a run of an automation stands, or a step of it. `at` is Unix milliseconds."""

    position: Position
    at: int
    fields: RunLine | StepLine | CancelLine


Item = Fanout | Derived | Kept | Entered | Turned | Reported | Expunging | Advanced | Damage


_START = Progress(0, finished=False)


@dataclass(frozen=True, slots=True)
class Batch:
    """What was read at once, in an order that can be applied, and how far that goes in each segment.

    `more` says that there may be more to read at once.
    """

    items: tuple[Item, ...]
    progress: Mapping[str, Progress]
    more: bool


class Follower:
    """Reads all writers' segments; in their `reading_order`: a delivery is known before its end.

    `progress` is where an earlier follower stopped. Lines of kinds unknown here are passed over. `clock` is
    monotonic seconds: days before the two newest are looked through once a second only.
    """

    def __init__(
        self, folder: Path, progress: Mapping[str, Progress], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._folder = folder
        self._progress = dict(progress)
        self._tails: dict[str, Tail] = {}
        self._unreadable: set[str] = set()
        self._clock = clock
        self._looked = float("-inf")
        self._since = ""
        self._broken_off = False

    def poll(self, *, thorough: bool = False) -> Batch:
        """What is new: at most about 4 MiB a segment.

        A segment is read to its end before the next one is looked at: a line may be about what stands in an
        earlier one. `thorough` looks through all days now.
        """
        items: list[Item] = []
        changed: dict[str, Progress] = {}
        names = self._names(thorough or self._broken_off)
        more = self._broken_off = False
        for name in [*names, *(self._tails.keys() - set(names))]:
            tail = self._tail(name, items)
            if tail is None:
                continue
            lines = tail.reader.read()
            more = more or bool(lines)
            items.extend(_assemble(tail, lines))
            if tail.progress != self._progress.get(name, _START):
                self._progress[name] = changed[name] = tail.progress
            if name not in names and not lines:
                items.append(Damage(Position(name, tail.reader.offset), 0, "the segment is gone"))
                self._drop(name)
            elif tail.reader.finished or tail.reader.offset == 0:
                self._drop(name)  # one still empty may yet be replaced by another of this name
            if lines and tail.reader.more:
                self._broken_off = True  # what follows is read next, of whatever day it is
                break
        return Batch(tuple(items), changed, more)

    def skip(self, segment: str, start: int, end: int) -> bool:
        """Pass over lines that are known already, if they are the next ones to be read; whether they were."""
        tail = self._tails.get(segment)
        if tail is None or tail.group or tail.reader.offset != start:
            return False
        tail.reader.skip(end)
        self._progress[segment] = tail.progress
        return True

    def _drop(self, name: str) -> None:
        self._tails.pop(name).reader.close()

    def close(self) -> None:
        for tail in self._tails.values():
            tail.reader.close()
        self._tails.clear()

    def _names(self, thorough: bool) -> list[str]:
        now = self._clock()
        thorough = thorough or now - self._looked >= 1
        found = list_segments(self._folder, "" if thorough else self._since)
        if thorough:
            self._looked = now
        self._since = min(sorted({each.day for each in found})[-2:], default="")
        names = [each.name for each in sorted(found, key=reading_order) if not self._done(each.name)]
        older = [] if thorough else [name for name in self._tails if name < self._since]
        return [*older, *names]

    def _done(self, name: str) -> bool:
        progress = self._progress.get(name)
        return progress is not None and progress.finished

    def _tail(self, name: str, items: list[Item]) -> Tail | None:
        tail = self._tails.get(name)
        if tail is None:
            progress = self._progress.get(name, _START)
            try:
                tail = self._tails[name] = Tail(Reader(self._folder, name, progress.offset))
            except OSError as error:
                if name not in self._unreadable:
                    items.append(Damage(Position(name, 0), 0, f"cannot be opened: {error.strerror}"))
                self._unreadable.add(name)
        return tail


def _assemble(tail: Tail, found: list[Found | Damage]) -> list[Item]:
    """Turn lines into items."""
    items: list[Item] = []
    for each in found:
        if isinstance(each, Damage):
            items.append(each)
        else:
            _take(tail, each, items)
    if tail.reader.finished and tail.group:
        position = tail.group[0][0]
        tail.group = []
        items.append(Damage(position, tail.reader.offset - position.offset, "a fan-out without its end"))
    return items


def _take(tail: Tail, found: Found, items: list[Item]) -> None:
    """A group that other lines follow was written whole, so it counts, whatever can be read of it."""
    decoded = decode(found.line)
    if isinstance(decoded, (AcceptedMore, OpenedMore)):
        items.extend(_continue(tail, found.position, decoded))
        return
    items.extend(_complete(tail))
    if isinstance(decoded, (Accepted, Opened)):
        tail.group, tail.started = [(found.position, decoded)], found.line.at
        if not decoded.more:
            items.extend(_complete(tail))
    elif isinstance(decoded, str):
        items.append(Damage(found.position, len(found.line.raw) + 1, decoded))
    elif decoded is not None:
        items.append(_alone(found, decoded))


def _alone(found: Found, decoded: Alone) -> Item:
    """What a line says that stands for itself."""
    if isinstance(decoded, CarriedAttempt):
        return Kept(found.position, decoded)
    if isinstance(decoded, Switched):
        return Turned(found.position, decoded.switch)
    if isinstance(decoded, Job):
        return Reported(found.position, decoded)
    if isinstance(decoded, (Expunge, Expunged)):
        return Expunging(found.line.at, decoded)
    if isinstance(decoded, (RunLine, StepLine, CancelLine)):
        return Advanced(found.position, found.line.at, decoded)
    return Entered(found.position, found.line.at, found.line.kind, decoded)


def _continue(tail: Tail, position: Position, more: AcceptedMore | OpenedMore) -> Iterator[Item]:
    wanted = Accepted if isinstance(more, AcceptedMore) else Opened
    if not (tail.group and isinstance(tail.group[0][1], wanted)):
        yield Damage(position, 0, "a continuation without its beginning")
        return
    tail.group.append((position, more))
    if more.done:
        yield from _complete(tail)


def _complete(tail: Tail) -> tuple[Fanout | Derived, ...]:
    if not tail.group:
        return ()
    group, tail.group = tail.group, []
    position, first = group[0]
    if isinstance(first, Opened):
        return (Derived(position, since(first.carried, tail.started), first),)
    assert isinstance(first, Accepted)
    deliveries = tuple(
        (place, planned)
        for place, part in group
        if isinstance(part, (Accepted, AcceptedMore))
        for planned in part.deliveries
    )
    at = since(deliveries[0][1].carried if deliveries else None, tail.started)
    return (Fanout(position, at, first.event, first.revision, first.fingerprint, deliveries, first.runs),)
