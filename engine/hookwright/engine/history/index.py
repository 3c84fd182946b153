"""The index: every delivery's present state in SQLite, fed from the journal alone and disposable."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from ..delivery import Status
from ..journal.content import exists
from ..journal.follow import Batch
from ..journal.segment import Position
from ..journal.switch import Switch
from ..journal.tail import Progress
from .carrying import Leaving, leaving
from .digest import Pair, Standing
from .expunging import Expunges
from .fold import Fold
from .forgetting import forget, open_in
from .mishap import passing
from .places import LINES, read_places
from .row import Row
from .taken import Taken, members_of
from .untold import failed_of, rows_of, standings, untold_of

VERSION = 11
_WHOLE = 0x68776F6B  # application_id of an index that has been brought up to the journal's end
_GONE = " (gone)"
_TABLES = {
    *("segments", "events", "deliveries", "digests", "untold", "switches", "damage"),
    *("jobs", "replayed", "expunges", "runs", "run_lines", "seen"),
}
_OPEN = (
    "SELECT d.id, attempts, coalesce(next, due), state, reason, e.name, event_offset, l.name, d.offset,"
    " CASE kind WHEN 'batch' THEN 0 ELSE number END"
    " FROM deliveries d JOIN segments e ON e.id = event_segment JOIN segments l ON l.id = d.segment"
    " WHERE status = ? AND batch IS NULL ORDER BY number"
)
SWITCHES = "SELECT name, state, reason, by, at FROM switches"
_ENDPOINT = "entity_type || '/' || entity_id || CASE action WHEN '' THEN '' ELSE '/' || action END"
_HELD = (  # by a switch; the literal status lets the index of what is open be used
    "FROM deliveries WHERE status = 'In Queue' AND batch IS NULL AND test = 0 AND kind != 'notice'"  # noqa: S608  # fixed names
    f" AND state != 'batching' AND ({_ENDPOINT} IN (SELECT value FROM json_each(?1))"
    " OR entity_type || '/' || entity_id IN (SELECT value FROM json_each(?1)))"
)
_BEHIND = f"SELECT id, {_ENDPOINT}, attempts {_HELD} AND due < ?2 ORDER BY number LIMIT ?3"
_COUNT_BEHIND = f"SELECT count(*) {_HELD} AND state != 'held'"


def read_switch(columns: Sequence[Any]) -> Switch:
    """A switch from a row of `SWITCHES`."""
    name, state, reason, by, at = columns
    return Switch(name=name, state=state, reason=reason, by=by, at=at)


WHOLE = f"SELECT application_id = {_WHOLE} FROM pragma_application_id"  # noqa: S608  # a fixed number


@dataclass(frozen=True, slots=True)
class OpenRow:
    """A delivery that is not terminal. `due` is when it is next due (Unix milliseconds). `number` is its own,
    or 0 for a batch, with which others change.
    """

    id: str
    attempts: int
    due: int
    state: str
    reason: str
    event: Position
    line: Position
    number: int = 0


@dataclass(frozen=True, slots=True)
class Applied:
    """What entering a batch changed: the deliveries not known before and their numbers, and how pairs now
    stand.
    """

    new: dict[str, int]
    standings: list[Standing]


@dataclass(frozen=True, slots=True)
class Behind:
    """An open delivery of an endpoint that is off, after `attempts` spent tries."""

    id: str
    endpoint: str
    attempts: int


class Index:
    """The writing side; one process at a time (whoever holds the bookkeeper's lock). Not thread-safe.

    Methods raise `sqlite3.Error`; then nothing was changed. When it is not `passing`, `rebuild` the index.
    """

    def __init__(self, path: Path, folder: Path) -> None:
        """Open the index of the journal in `folder`; a missing, damaged or outdated one starts empty."""
        self._path = path
        self._folder = folder
        self._segments: dict[str, int] = {}
        try:
            self._database = self._connect()
            if self._fits():
                self._retire_missing()
            else:
                self._database.close()
                self._start_empty()
        except sqlite3.Error as error:
            if passing(error):
                raise
            self._start_empty()

    def close(self) -> None:
        self._database.close()

    def rebuild(self) -> None:
        """Forget everything; the next follower starts at the beginning of the journal."""
        self._database.close()
        self._start_empty()

    def stands(self) -> bool:
        """Whether the file is still where it was opened."""
        try:
            found = self._path.stat(follow_symlinks=False)
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == self._identity

    def mark_whole(self) -> None:
        """The journal's end was reached: from now on, what the index does not know has never been there."""
        self._database.execute(f"PRAGMA application_id = {_WHOLE}")

    def progress(self) -> dict[str, Progress]:
        """How far each segment was read."""
        rows = self._database.execute("SELECT name, offset, finished FROM segments")
        return {name: Progress(offset, bool(finished)) for name, offset, finished in rows}

    def open_deliveries(self) -> list[OpenRow]:
        """Every delivery that is not terminal, oldest first."""
        return [
            OpenRow(row[0], row[1], row[2], row[3], row[4], Position(*row[5:7]), Position(*row[7:9]), row[9])
            for row in self._database.execute(_OPEN, (Status.IN_QUEUE,))
        ]

    def switches(self) -> list[Switch]:
        """The last switch of every subscriber or endpoint that was ever switched."""
        return [read_switch(row) for row in self._database.execute(SWITCHES)]

    def behind(self, names: Iterable[str], before: int, limit: int) -> list[Behind]:
        """Open deliveries of these subscribers and endpoints due `before` (Unix milliseconds), oldest first.

        Tests, notices and what is yet to go into a batch are left out.
        """
        rows = self._database.execute(_BEHIND, (json.dumps(list(names)), before, limit))
        return [Behind(*row) for row in rows]

    def count_behind(self, names: Iterable[str]) -> int:
        """How many there are, without those that wait for something else as well."""
        (count,) = self._database.execute(_COUNT_BEHIND, (json.dumps(list(names)),)).fetchone()
        return int(count)

    def lines(self, delivery: str) -> list[Position] | None:
        """Where the bookkeeper's lines about a delivery stand; None when there is no such delivery."""
        found = self._database.execute(LINES, (delivery,)).fetchone()
        return None if found is None else read_places(self._query, found[0])

    def standings(self) -> list[Standing]:
        """What is to be told of every pair that was ever told or has something to be told."""
        return standings(self._database)

    def untold(self, pair: Pair, limit: int) -> tuple[str, ...]:
        """Up to `limit` of what is to be told to a pair, the newest first: ids of failures, or switches."""
        return untold_of(self._database, pair, limit)

    def rows(self, deliveries: Sequence[str]) -> list[Row]:
        """The rows of these deliveries, in this order; what is not there is left out."""
        return rows_of(self._database, deliveries)

    def failed(self, entity_type: str, entity_id: str, limit: int) -> list[Row]:
        """The newest failed deliveries of a subscriber, the newest first."""
        return failed_of(self._database, entity_type, entity_id, limit)

    def members(self, batch: str) -> list[Taken]:
        """What a batch took along and is in no half of it."""
        return members_of(self._database, batch)

    def open_in(self, segment: str) -> int:
        """How many open deliveries and running jobs need a segment."""
        return open_in(self._database, segment)

    def leaving(self, segment: str, after: int) -> Iterator[Leaving]:
        """What is open in a segment, as `carrying` says."""
        return leaving(self._database, segment, after)

    def forget(self, segment: str) -> None:
        """Forget what was accepted in a segment: it is no longer in the journal."""
        with self._transaction():
            forget(self._database, segment)
        self._segments.pop(segment, None)

    @property
    def expunging(self) -> Expunges:
        """What it knows of expunged events."""
        return Expunges(self._database)

    def apply(self, batch: Batch) -> Applied:
        """Enter what was read, all or nothing."""
        with self._transaction():
            fold = Fold(self._database, self._segment)
            for item in batch.items:
                fold.take(item)
            fold.finish()
            for name, progress in batch.progress.items():
                self._database.execute(
                    "UPDATE segments SET offset = ?, finished = ? WHERE id = ?",
                    (progress.offset, progress.finished, self._segment(name)),
                )
            return Applied(fold.new, standings(self._database, fold.untold.touched))

    def _query(self, sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        return self._database.execute(sql, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            self._segments.clear()
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise

    def _segment(self, name: str) -> int:
        found = self._segments.get(name)
        if found is None:
            self._database.execute("INSERT OR IGNORE INTO segments (name) VALUES (?)", (name,))
            row = self._database.execute("SELECT id FROM segments WHERE name = ?", (name,)).fetchone()
            found = self._segments[name] = int(row[0])
        return found

    def _connect(self) -> sqlite3.Connection:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self._path, flags, 0o600)  # SQLite gives its own files the same mode
        status = os.fstat(descriptor)
        os.close(descriptor)
        self._identity = (status.st_dev, status.st_ino)
        database = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=5)
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")  # a power cut costs entries, never the file
        except sqlite3.Error:
            database.close()
            raise
        return database

    def _fits(self) -> bool:
        """Whether the file is of this version and does not know more of a segment than the segment has."""
        (version,) = self._database.execute("PRAGMA user_version").fetchone()
        tables = {name for (name,) in self._database.execute("SELECT name FROM sqlite_schema")}
        if version != VERSION or not tables >= _TABLES:
            return False
        return all(self._has(name, progress) for name, progress in self.progress().items())

    def _retire_missing(self) -> None:
        """Rename segments that were taken away: another of the same name is another segment."""
        for name in self.progress():
            if not exists(self._folder, name) and not name.endswith(_GONE):
                sql = "UPDATE segments SET name = name || ' ' || id || ? WHERE name = ?"
                self._database.execute(sql, (_GONE, name))

    def _has(self, name: str, progress: Progress) -> bool:
        try:
            return (self._folder / name).stat().st_size >= progress.offset
        except OSError:
            return True  # gone: what the index says of it is all that is left

    def _start_empty(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        self._segments.clear()
        self._database = self._connect()
        schema = resources.files(__package__).joinpath("index.sql").read_text(encoding="utf-8")
        self._database.executescript(f"BEGIN; {schema} PRAGMA user_version = {VERSION}; COMMIT;")
