"""Retention: segments of days gone by are packed, those that are too old or too much are dropped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from ..instant import timestamp
from ..journal.lineage import is_book
from ..journal.packed import SUFFIX, pack
from ..journal.segment import Segment, list_segments, sync_folder
from ..journal.switch import Change, Switch, switch_entry
from ..journal.writer import Entry
from .book import Book
from .carrying import Carrying

EVERY = 60.0  # seconds between looks, while there is nothing to do
DAY = 86_400_000  # milliseconds
KEPT_DAYS = 90

_CHANGES: dict[str, Change] = {"enabled": "enabled", "disabled": "disabled", "paused": "paused"}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Keep:
    """How much history is kept: days, and bytes on disk (None: as much as there is)."""

    days: int = KEPT_DAYS
    size: int | None = None


KEEP = Keep()


class Retention:
    """Part of the bookkeeper, in a thread of its own. `append` writes lines, all on disk when it returns;
    `clock` is Unix seconds. `checkpoint` is called after each step; tests end the process there.

    Segments are dropped from the oldest on and none is passed over, intake's before the bookkeeper's of the
    same day: what ended a delivery never goes before what opened it, so a journal that is read from its
    beginning never opens anything again. What is open in one is carried forward first, a portion a turn; a
    segment with a replay of many that still runs stays, and so does all that came after it.
    """

    def __init__(
        self,
        book: Book,
        append: Callable[[Sequence[Entry]], object],
        keep: Keep,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        checkpoint: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._book = book
        self._append = append
        self._carrying = Carrying(book, append)
        self._keep = keep
        self._clock = clock
        self._monotonic = monotonic
        self._checkpoint = checkpoint
        self._at = float("-inf")

    def turn(self) -> None:
        """Pack or drop one segment, if one is due. Raises `OSError`, `JournalError` or `IndexUnavailable`."""
        now = self._monotonic()
        if now < self._at or not self._book.whole:
            return
        self._at = now + EVERY  # also when it fails: it is tried again, but not at once
        segments = sorted(list_segments(self._book.folder), key=_age)
        if self._drop_one(segments) or self._pack_one(segments):
            self._at = now

    def _drop_one(self, segments: Sequence[Segment]) -> bool:
        oldest = segments[0] if segments else None
        if oldest is None or not self._over(oldest) or not self._surplus(oldest, segments):
            return False
        if self._carrying.turn(oldest.name):
            self._checkpoint("carried_forward")
            return True
        if self._book.needs(oldest.name):
            log.info("history_waits", segment=oldest.name, reason="something open in it cannot be carried")
            return False
        self._carry_switches()
        self._checkpoint("carried")
        with self._book.standing:
            self._drop(oldest)
        with suppress(OSError):  # others stand in it yet
            (self._book.folder / oldest.day).rmdir()
        log.info("history_dropped", segment=oldest.name)
        return True

    def _drop(self, oldest: Segment) -> None:
        for path in _files(self._book.folder, oldest.name):
            path.unlink(missing_ok=True)
        sync_folder(self._book.folder / oldest.day)
        self._checkpoint("dropped")
        self._book.forget(oldest.name)

    def _surplus(self, oldest: Segment, segments: Sequence[Segment]) -> bool:
        if oldest.day < self._day(self._keep.days):
            return True
        return self._keep.size is not None and history_size(self._book.folder, segments) > self._keep.size

    def _over(self, segment: Segment) -> bool:
        """Whether it is of a day gone by, and read to its end."""
        return segment.day < self._day(0) and segment.name in self._book.finished()

    def _pack_one(self, segments: Sequence[Segment]) -> bool:
        today, finished = self._day(0), self._book.finished()
        for segment in segments:
            path = self._book.folder / segment.name
            if segment.day < today and segment.name in finished and path.exists():
                pack(path)
                self._checkpoint("packed")
                return True
        return False

    def _carry_switches(self) -> None:
        """The last word on a subscriber must outlive the segment it stands in."""
        switches = self._book.switches.off().values()
        if switches:
            self._append([_again(each) for each in switches])

    def _day(self, before: int) -> str:
        return timestamp(int(self._clock() * 1000) - before * DAY)[:10]


def _age(segment: Segment) -> tuple[str, bool, Segment]:
    return segment.day, is_book(segment.writer), segment


def _again(switch: Switch) -> Entry:
    """The same word once more: it changes nothing, and nobody is told of it again."""
    quiet = Switch(name=switch.name, state=switch.state, reason=switch.reason, by=switch.by, at=switch.at)
    return switch_entry(quiet, _CHANGES[switch.state])


def _files(folder: Path, name: str) -> Iterator[Path]:
    yield folder / name
    yield folder / (name + SUFFIX)


def history_size(folder: Path, segments: Sequence[Segment]) -> int:
    """Bytes on disk; a segment that goes meanwhile counts as nothing."""
    total = 0
    for segment in segments:
        for path in _files(folder, segment.name):
            with suppress(OSError):
                total += path.stat(follow_symlinks=False).st_size
    return total
