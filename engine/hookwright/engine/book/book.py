"""The book of a node: its journal followed into the index and the open set, the three kept in step."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import structlog

from hookwright.plugins.notices import MOST_FAILURES

from ..errors import EngineError
from ..history.carrying import Leaving
from ..history.digest import NAMED, WINDOW, Digest, Pair
from ..history.expunging import Concerned, Ordered
from ..history.index import Behind, Index
from ..history.mishap import passing
from ..history.row import Row
from ..history.taken import Taken
from ..journal.follow import Batch, Follower, Turned
from ..journal.outcome import Attempt
from ..journal.reader import Damage, read_at
from ..journal.segment import Position
from ..journal.switch import Switches
from ..journal.writer import Entry, Written
from ..state import State
from .opening import OpenSet
from .unindexed import INDEX_EVERY, Unindexed

NOTHING = Batch((), {}, more=False)

log = structlog.get_logger(__name__)


class IndexUnavailable(EngineError):
    """The disk does not let the index be read or written now."""


class Book:
    """Index, follower and open set behind one `lock`, for the threads of one process that holds `book_lock`.

    Methods raise `IndexUnavailable` or `OSError` when the disk does not let them. They may then be called
    again: nothing was skipped.
    """

    def __init__(
        self,
        state: Path,
        node: str,
        clock: Callable[[], float] = time.monotonic,
        *,
        window: int = WINDOW,
        index_every: float = INDEX_EVERY,
    ) -> None:
        """`window` is the milliseconds between two notices to a notifier about a subscriber.

        `index_every` is the seconds for which what was taken in by `enter` may wait for the index.
        """
        self.lock = threading.RLock()
        self.standing = threading.Lock()  # no segment goes while somebody has it who reads by places
        self.digest = Digest(window)
        self.folder = State(state).history
        self.open = OpenSet(self.folder, node, clock)
        self.switches = Switches()
        try:
            self._index = Index(State(state).index, self.folder)
        except sqlite3.Error as error:
            raise IndexUnavailable(str(error)) from error
        self._follower: Follower | None = None
        self._unindexed = Unindexed(clock, index_every)
        self._whole = False
        self.follow()

    @property
    def whole(self) -> bool:
        """Whether the open set can be relied on: false after the index was lost, until it is rebuilt."""
        return self._whole

    def close(self) -> None:
        with self.lock:
            with suppress(IndexUnavailable), self._asking():
                pass  # a successor need not read again what is known
            self._stop_following()
            self._index.close()

    def count(self) -> tuple[int, int]:
        """How many deliveries are open, and how many of them held, for want of something or by a switch."""
        with self.lock:
            held = self.open.held
            off = self.switches.off()
            if off and self._whole:
                with suppress(sqlite3.Error):  # it is counted again in a moment
                    held += self._index.count_behind(off)
            return len(self.open), held

    def behind(self, before: int, limit: int) -> list[Behind]:
        """Up to `limit` open deliveries due `before` (Unix milliseconds) that a switch holds, in order."""
        with self._asking():
            off = self.switches.off()
            return self._index.behind(off, before, limit) if off and self._whole else []

    def follow(self, *, thorough: bool = False) -> None:
        """Read on to the end of the journal as it is now; `thorough` looks for new segments in all days."""
        with self.lock:
            try:
                self._follow(thorough)
            except sqlite3.Error as error:
                self._stop_following()  # it has read what the index does not have
                raise IndexUnavailable(str(error)) from error

    def enter(self, lines: Sequence[Entry], written: Written) -> None:
        """Take in lines of the bookkeeper's that are on disk now.

        What is open is known at once; the index gets them together with others.
        """
        with self.lock:
            items = None
            if self._whole and self._follower and lines:
                items = self._unindexed.take(lines, written, self._follower, self.open.number)
                self.open.enter(items or ())
            if items is None or self._unindexed.due:
                self.follow()

    def recorded(self, lost: Attempt) -> bool:
        """Whether this lost lease needs no line: it has one, its delivery is not known here or expunged."""
        with self._asking():
            positions = self._index.lines(lost.delivery)
            if positions is None or self._index.expunging.include(lost.delivery):
                return True
        lines = (read_at(self.folder, position) for position in positions)
        return any(line and line.kind == "lease_lost" and line.decode(Attempt) == lost for line in lines)

    def members(self, batch: str) -> list[Taken]:
        """What a batch took along and is in no half of it. Raises `IndexUnavailable`."""
        with self._asking():
            if not self._whole:
                raise IndexUnavailable("the index is being built")
            return self._index.members(batch)

    def finished(self) -> set[str]:
        """The segments that were read to their end and have no writer any more."""
        with self._asking():
            return {name for name, read in self._index.progress().items() if read.finished}

    def needs(self, segment: str) -> bool:
        """Whether a delivery that is open stands in this segment."""
        with self._asking():
            return not self._whole or self._index.open_in(segment) > 0

    def leaving(self, segment: str, after: int) -> Iterator[Leaving]:
        """What is open in a segment, from the number `after` on; those of one event follow one another."""
        with self._asking():
            yield from self._index.leaving(segment, after)

    def lines(self, delivery: str) -> list[Position]:
        """Where the lines about a delivery stand, oldest first."""
        with self._asking():
            return self._index.lines(delivery) or []

    def forget(self, segment: str) -> None:
        """Nothing of a segment that was dropped is known any more: an event in it would be a new one."""
        with self._asking():
            self._index.forget(segment)

    def to_tell(self, pair: Pair) -> tuple[tuple[str, ...], list[Row]]:
        """What is to be told to a pair, the newest first, and the rows of the newest failures of it.

        That is ids of deliveries, or switches as JSON.
        """
        with self._asking():
            said = self._index.untold(pair, NAMED)
            if pair.tells == "disabled":
                return said, self._index.failed(pair.entity_type, pair.entity_id, MOST_FAILURES)
            return said, self._index.rows(said[:MOST_FAILURES])

    def expunging(self) -> tuple[Ordered, list[Concerned]] | None:
        """The oldest event whose content has to go, and the deliveries that may hold something of it."""
        with self._asking():
            ordered = self._index.expunging.pending() if self._whole else None
            return None if ordered is None else (ordered, self._index.expunging.concerned(ordered))

    def runs_concerned(self, ordered: Ordered) -> set[str] | None:
        """The runs that may hold something of an event; None while one of them is open."""
        with self._asking():
            return self._index.expunging.runs(ordered)

    def scrub(self, ordered: Ordered, deliveries: Sequence[str]) -> None:
        """Leave nothing in the index of what an event and its deliveries held."""
        with self._asking():
            self._index.expunging.scrub(ordered, deliveries)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """For what is asked of the index: it gets first what waits for it."""
        with self.lock:
            try:
                if self._unindexed:
                    self._apply(NOTHING)
                yield
            except sqlite3.Error as error:
                self._stop_following()  # it may have read what the index does not have
                raise IndexUnavailable(str(error)) from error

    def _follow(self, thorough: bool) -> None:
        try:
            if not self._index.stands():
                raise sqlite3.DatabaseError("the file is gone")
            self._read_on(thorough)
        except sqlite3.Error as error:
            if passing(error):
                raise
            log.warning("index_rebuilt", reason=str(error))
            self._whole = False
            self._stop_following()
            self._index.rebuild()
            self._read_on(thorough=True)

    def _read_on(self, thorough: bool) -> None:
        if self._follower is None:
            self._follower = Follower(self.folder, self._index.progress())
        more = True
        while more:
            batch = self._follower.poll(thorough=thorough)
            more = batch.more
            if batch.progress or batch.items:
                self._apply(batch)
        if self._unindexed.due:
            self._apply(NOTHING)
        if not self._whole:
            self._index.mark_whole()
            self.open.load(self._index.open_deliveries())
            self.digest.load(self._index.standings())
            for switch in self._index.switches():
                self.switches.take(switch)
            self._whole = True

    def _apply(self, batch: Batch) -> None:
        """Enter what was read into the index, and what was taken in before it."""
        applied = self._index.apply(self._unindexed.before(batch))
        self._unindexed.clear()
        if self._whole:
            self.open.take(batch, applied.new)
            self.digest.note(applied.standings)
            self._turn(batch)
        _report(batch)

    def _turn(self, batch: Batch) -> None:
        for item in batch.items:
            if isinstance(item, Turned):
                self.switches.take(item.switch)

    def _stop_following(self) -> None:
        self._unindexed.clear()
        if self._follower:
            self._follower.close()
            self._follower = None


def _report(batch: Batch) -> None:
    for item in batch.items:
        if isinstance(item, Damage):
            place = item.position
            where = {"segment": place.segment, "offset": place.offset, "length": item.length}
            log.warning("journal_damaged", **where, reason=item.reason)
