"""History: what became of every delivery, read from the files alone, beside a running node or without one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..delivery import Status
from ..journal.segment import Position
from ..journal.switch import Switches
from ..journal.tail import Progress
from ..state import State
from .catching_up import catch_up
from .detail import Detail, Related, Where, read_detail
from .expunging import Order, is_expunged, order_of
from .index import SWITCHES, read_switch
from .index_view import BUILDING, HistoryUnavailable, IndexView, Rows, Whole
from .original import Original, read_original
from .places import LINES, read_places
from .row import COLUMNS, Filter, Rests, Row, behind, read_row
from .run_view import Runs
from .stats import Stats, read_stats

Listing = list[Row]
LISTED = 1000  # deliveries of one event named by `find_event`; more are counted
_POLL = 0.2  # seconds between looks for changes
_PAGE = 500


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    """What is known of an event accepted before: what its first answer is made of.

    `deliveries` are (delivery id, entity type, entity id, whether it was to be batched), the first 1,000 of
    `count`. `accepted` is Unix milliseconds. Of one that is `expunged` the fingerprint is gone. `runs` are
    (run id, automation).
    """

    fingerprint: str
    revision: str
    accepted: int
    count: int
    deliveries: tuple[tuple[str, str, str, bool], ...]
    expunged: bool = False
    runs: tuple[tuple[str, str], ...] = ()


class History:
    """Reads one state folder. Threads may share it. Methods raise `HistoryUnavailable`.

    At its start it enters into the index what a bookkeeper has not, if none runs and the folder can be
    written, and takes away an index that it finds damaged; with `refresh=False` it only reads. With
    `catching_up=False` it leaves the entering to a bookkeeper that is about to start: it can take long.
    `rests` tells which endpoints make no calls now.
    """

    def __init__(
        self,
        state: Path,
        *,
        refresh: bool = True,
        catching_up: bool = True,
        rests: Callable[[], Rests] = dict,
    ) -> None:
        self._folder = State(state).history
        self._rests = rests
        self._index = IndexView(State(state).index, discard=refresh)
        self._query = self._index.query
        self.runs = Runs(self._query, self._folder)
        if refresh and catching_up and self._folder.is_dir():
            catch_up(state)

    def __enter__(self) -> History:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._index.close()

    def list(self, wanted: Filter = Filter(), limit: int = 50, before: str | None = None) -> Listing:  # noqa: B008
        """The newest deliveries that fit, newest first. `before` is the id of the last one already seen."""
        where, values = wanted.condition()
        if before is not None:
            where += " AND number < (SELECT number FROM deliveries WHERE id = ?)"
            values = [*values, before]
        sql = f"SELECT {COLUMNS} FROM deliveries WHERE {where} ORDER BY number DESC LIMIT ?"  # noqa: S608  # fixed names
        return self._read(self._query(sql, [*values, limit]))

    def find(self, beginning: str, limit: int = 10) -> Listing:
        """The deliveries whose ids begin so, newest first, notices and what went into batches too.

        An index that is still being built after it was lost cannot tell of none: `HistoryUnavailable`.
        """
        whole = self._index.whole()
        found = self.list(Filter(id=beginning), limit)
        if not found:
            self._tell_absence(whole)
        return found

    def show(self, delivery: str) -> Detail | None:
        """Everything about one delivery, each request and response as it was; None when there is none.

        An index that is still being built after it was lost cannot tell: that is `HistoryUnavailable`.
        """
        whole = self._index.whole()
        located = self._locate(delivery)
        if located is None:
            self._tell_absence(whole)
            return None
        row, where = located
        return read_detail(self._folder, row, where, self._related(row))

    def original(self, delivery: str, node: str) -> Original | None:
        """What it takes to send a delivery again; None when there is no such delivery.

        An index that is still being built cannot tell how often it was sent: that is `HistoryUnavailable`.
        """
        whole = self._index.whole()
        located = self._locate(delivery)
        message = located[0].message if located else ""
        rounds = [each.round for each in self.list(Filter(message=message, notices=True), LISTED)]
        self._tell_absence(whole)
        if located is None:
            return None
        row, where = located
        if is_expunged(self._query, row.id):
            return Original(row, None, max(rounds, default=0), expunged=True)
        return read_original(self._folder, row, where, node, max(rounds, default=0))

    def progress(self) -> dict[str, Progress]:
        """How far the index has read each segment of the journal."""
        rows = self._query("SELECT name, offset, finished FROM segments", [])
        return {name: Progress(offset, bool(finished)) for name, offset, finished in rows}

    def _locate(self, delivery: str) -> tuple[Row, Where] | None:
        found = self._query(f"SELECT {COLUMNS} FROM deliveries WHERE id = ?", [delivery])  # noqa: S608
        places = self._query(_PLACES, [delivery])
        if not (found and places):
            return None
        (row,) = self._read(found)
        found = self._query(LINES, [row.batch or delivery])
        lines = read_places(self._query, found[0][0] if found else "")
        batch = next((Position(*place[2:]) for place in self._query(_PLACES, [row.batch])), None)
        (event, event_offset, line, offset) = places[0]
        return row, Where(Position(event, event_offset), Position(line, offset), tuple(lines), batch)

    def _related(self, row: Row) -> Related:
        """The other deliveries of the same message by round, and all that a batch took along."""
        same = self.list(Filter(message=row.message, notices=True), LISTED)
        rounds = sorted((each for each in same if each.id != row.id), key=lambda each: each.round)
        return Related(tuple(rounds), tuple(self.list(Filter(batch=row.id), row.members or 0)))

    def find_event(self, source: str, event_id: str) -> FirstAnswer | None:
        """What was answered when this event was accepted first; None when it never was.

        An index that is still being built after it was lost cannot tell: that is `HistoryUnavailable`.
        """
        whole = self._index.whole()
        found = self._query(_EVENT, [source, event_id])
        if not found:
            self._tell_absence(whole)
            return None
        fingerprint, revision, accepted, first, count, left = found[0]
        placed = self._query(_PLACED, [first, first + count, LISTED])
        deliveries = tuple((*each[:3], bool(each[3])) for each in placed)
        expunged = self.expunged(source, event_id) is not None
        runs = tuple((run, automation) for run, automation in self._query(_RUNS, [source, event_id]))
        return FirstAnswer(fingerprint, revision, accepted, left, deliveries, expunged, runs)

    def sources(self, event_id: str) -> Sequence[str]:
        """The sources of all events of this id; an index that is being built raises `HistoryUnavailable`."""
        whole = self._index.whole()
        found = self._query("SELECT source FROM events WHERE id = ? ORDER BY source", [event_id])
        self._tell_absence(whole)
        return tuple(source for (source,) in found)

    def expunged(self, source: str, event_id: str) -> Order | None:
        """Since when and by whom an event is expunged, and whether that is done; None when it is not."""
        return order_of(self._query, source, event_id)

    def counts(self, wanted: Filter = Filter()) -> dict[str, int]:  # noqa: B008
        """How many deliveries that fit have each status word; a batch counts once, a notice not at all."""
        where, values = wanted.condition()
        sql = f"SELECT status, count(*) FROM deliveries WHERE {where} GROUP BY status"  # noqa: S608  # fixed names
        found: dict[str, int] = dict(self._query(sql, values))
        return {status.value: found.get(status.value, 0) for status in Status}

    def notices(self) -> dict[tuple[str, str], int]:
        """How many notices there are, by the id of the notifier and the status word."""
        rows = self._query(_NOTICES, [])
        return {(action.removeprefix("notify/"), status): count for action, status, count in rows}

    def stats(self, by: str, wanted: Filter = Filter()) -> Stats:  # noqa: B008
        """Numbers about all deliveries that fit, grouped by one of `stats.KEYS`."""
        return read_stats(self._query, by, wanted)

    def switches(self) -> Switches:
        """The last switch of every subscriber or endpoint that was ever switched on or off."""
        return Switches(map(read_switch, self._query(SWITCHES, [])))

    def all_switches(self) -> Switches | None:
        """The same, and no line of the journal left out; None while the index does not know it all."""
        whole = self._index.whole()
        found = self.switches()
        return found if whole and self._index.still(whole) else None

    def damage(self) -> Rows:
        """What of the journal could not be read: segment, offset, length, reason."""
        sql = "SELECT s.name, d.offset, length, reason FROM damage d JOIN segments s ON s.id = segment"
        return self._query(sql, [])

    def follow(
        self,
        stop: threading.Event,
        wanted: Filter = Filter(),  # noqa: B008
        *,
        everything: bool = False,
    ) -> Iterator[Row]:
        """Each delivery that changes after this call and then fits, until `stop` is set.

        `everything`: all that fit before, too.
        """
        return self._changes(stop, wanted, 0 if everything else self._last_change())

    def _changes(self, stop: threading.Event, wanted: Filter, seen: int) -> Iterator[Row]:
        where, values = wanted.condition()
        sql = _CHANGED.format(where=where)
        index, since = self._index.identity, 0
        latest = 0
        while True:
            last = self._last_change()
            changed = self._query(sql, [seen, last, since, *values, _PAGE])
            if self._index.identity != index:  # a new index numbers its changes anew
                index, since, seen = self._index.identity, latest + 1, 0
                continue
            rows = self._read([row[2:] for row in changed])
            for (number, updated, *_), row in zip(changed, rows, strict=True):
                seen, latest = number, max(latest, updated)
                yield row
            if len(changed) < _PAGE:
                seen = max(seen, last)
            if not changed and stop.wait(_POLL):
                return

    def _read(self, found: Rows) -> Listing:
        """Rows with what a switch does to them, which no line of theirs says."""
        rows = [read_row(columns) for columns in found]
        if not any(row.status == Status.IN_QUEUE for row in rows):
            return rows
        switches = self.switches()
        rests = self._rests()
        return [behind(row, switches, rests) for row in rows]

    def _tell_absence(self, whole: Whole) -> None:
        """What was not found is not there, if the index was whole; else nobody can tell."""
        if not self._index.still(whole) and self._folder.is_dir():
            raise HistoryUnavailable(BUILDING)

    def _last_change(self) -> int:
        found = self._query("SELECT coalesce(max(changed), 0) FROM deliveries", [])
        return int(found[0][0]) if found else 0


_NOTICES = "SELECT action, status, count(*) FROM deliveries WHERE kind = 'notice' GROUP BY 1, 2"
_PLACES = (  # what a run asked for may have been read before the event that began the run
    "SELECT e.name, coalesce(v.offset, event_offset), l.name, d.offset FROM deliveries d"
    " LEFT JOIN events v ON d.kind = 'action' AND v.source = d.event_source AND v.id = d.event_id"
    " JOIN segments e ON e.id = coalesce(v.segment, event_segment) JOIN segments l ON l.id = d.segment"
    " WHERE d.id = ?"
)
_EVENT = (  # some of its deliveries may be gone with their segment
    "SELECT fingerprint, revision, accepted, first, count,"
    " (SELECT count(*) FROM deliveries WHERE number >= first AND number < first + e.count)"
    " FROM events e WHERE source = ? AND id = ?"
)
_RUNS = "SELECT id, entity_id FROM runs WHERE event_source = ? AND event_id = ? ORDER BY number"
_PLACED = (
    "SELECT id, entity_type, entity_id, state = 'batching' OR batch IS NOT NULL FROM deliveries"
    " WHERE number >= ? AND number < ? ORDER BY number LIMIT ?"
)
_CHANGED = (
    f"SELECT changed, updated, {COLUMNS} FROM deliveries"  # noqa: S608  # fixed names
    " WHERE changed > ? AND changed <= ? AND updated >= ? AND {where} ORDER BY changed LIMIT ?"
)
