"""What the index knows of expunged events: which there are, which deliveries that concerns, and what goes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import Struct

from ..instant import timestamp
from ..journal.blanking import origin_of
from ..journal.expunge import EXPUNGED, Expunge
from ..journal.follow import Expunging
from ..journal.segment import Position
from .stats import Query

_NOTE = (
    "INSERT INTO expunges (source, id, at, by, why) VALUES (?, ?, ?, ?, ?) ON CONFLICT (source, id) DO UPDATE"
    " SET at = excluded.at, by = excluded.by, why = excluded.why, done = NULL WHERE excluded.at > expunges.at"
)
_DONE = "UPDATE expunges SET done = ? WHERE source = ? AND id = ? AND done IS NULL"
_PENDING = (
    "SELECT x.source, x.id, coalesce(e.accepted, x.at) FROM expunges x"
    " LEFT JOIN events e ON e.source = x.source AND e.id = x.id WHERE done IS NULL ORDER BY at LIMIT 1"
)
_OWN = (
    "SELECT number FROM deliveries, events e WHERE e.source = ?1 AND e.id = ?2"
    " AND number >= e.first AND number < e.first + e.count"
)
_RUNS = (  # those it began, and those that waited for it
    "SELECT id FROM runs WHERE event_source = ?1 AND event_id = ?2"
    " UNION SELECT r.id FROM runs r JOIN seen s ON s.run = r.number WHERE s.source = ?1 AND s.id = ?2"
)
_OPEN_RUNS = f"SELECT count(*) FROM runs WHERE status = 'In Queue' AND id IN ({_RUNS})"  # noqa: S608  # fixed names
_SCRUB_RUNS = (
    f"UPDATE runs SET key = '', reason = CASE reason WHEN '{EXPUNGED}' THEN reason ELSE '' END"  # noqa: S608  # fixed names
    f" WHERE id IN ({_RUNS})"
)
_COLUMNS = (
    "SELECT d.id, status = 'In Queue' AND batch IS NULL, attempts, kind, s.name, d.offset"
    " FROM deliveries d JOIN segments s ON s.id = d.segment WHERE"
)
_CONCERNED = (  # its own, the batches they went into, whole and halved, all rounds, every notice since
    f"WITH RECURSIVE own AS ({_OWN}), lists (id) AS ("  # noqa: S608  # fixed names
    " SELECT batch FROM deliveries WHERE number IN own AND batch IS NOT NULL"
    " UNION SELECT half_of FROM deliveries d JOIN lists l ON l.id = d.id WHERE half_of IS NOT NULL)"
    f" {_COLUMNS} message IN (SELECT message FROM deliveries WHERE number IN own)"
    " OR message IN (SELECT message FROM deliveries WHERE id IN lists)"
    f" OR message IN (SELECT message FROM deliveries WHERE run IN ({_RUNS}))"
    f" UNION {_COLUMNS} kind = 'notice'"
    " AND d.accepted >= (SELECT accepted FROM events WHERE source = ?1 AND id = ?2)"
)
# An event that retention dropped may come again under its id: then an order of before says nothing of it.
_ORDERED = "expunges x JOIN events e ON e.source = x.source AND e.id = x.id AND x.at >= e.accepted"
_EXPUNGED = (  # by its own event, or by one that went into it or into a half of it
    "WITH RECURSIVE lists (id) AS ("  # noqa: S608  # fixed names
    " SELECT id FROM deliveries WHERE message = (SELECT message FROM deliveries WHERE id = ?1)"
    " UNION SELECT h.id FROM deliveries h JOIN lists l ON h.half_of = l.id)"
    f" SELECT 1 FROM deliveries d JOIN {_ORDERED} WHERE (d.id = ?1 OR d.batch IN lists)"
    " AND x.source = d.event_source AND x.id = d.event_id"
    " UNION SELECT 1 FROM deliveries d JOIN runs r ON r.id = d.run JOIN seen w ON w.run = r.number"
    f" JOIN {_ORDERED} WHERE d.id = ?1 AND x.source = w.source AND x.id = w.id"
)
_SCRUB = (
    "UPDATE deliveries SET url = origin_of(url), verdict = NULL, verdict_reason = NULL,"  # noqa: S608  # fixed names
    f" reason = CASE reason WHEN '{EXPUNGED}' THEN reason ELSE '' END,"
    " changed = 1 + (SELECT max(changed) FROM deliveries)"
    " WHERE {which} IN (SELECT value FROM json_each(?))"
)
_FORGET = "UPDATE events SET fingerprint = '' WHERE source = ? AND id = ?"
_ORDER = f"SELECT at, by, why, done FROM {_ORDERED} WHERE x.source = ? AND x.id = ?"  # noqa: S608  # fixed names


@dataclass(frozen=True, slots=True)
class Ordered:
    """An event whose content has to go; it was accepted at `since` (Unix milliseconds)."""

    source: str
    id: str
    since: int


@dataclass(frozen=True, slots=True)
class Concerned:
    """A delivery that may hold something of an event, and where it was opened."""

    id: str
    open: bool
    attempts: int
    kind: str
    line: Position


class Order(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """That an event is expunged: since when, by whom, why, and when its content was gone."""

    at: str
    by: str
    why: str = ""
    done: str | None = None


def note(database: sqlite3.Connection, item: Expunging) -> None:
    """Enter a line about an expunged event."""
    said = item.said
    if isinstance(said, Expunge):
        database.execute(_NOTE, (said.source, said.id, item.at, said.by, said.why))
    else:
        database.execute(_DONE, (item.at, said.source, said.id))


def is_expunged(query: Query, delivery: str) -> bool:
    """Whether the content of a delivery has to go, or is gone."""
    return bool(query(_EXPUNGED, [delivery]))


def order_of(query: Query, source: str, event_id: str) -> Order | None:
    """What was said about expunging an event."""
    for at, by, why, done in query(_ORDER, [source, event_id]):
        return Order(at=timestamp(at), by=by, why=why, done=None if done is None else timestamp(done))
    return None


class Expunges:
    """Expunged events, for who writes the index. Methods raise `sqlite3.Error`."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def pending(self) -> Ordered | None:
        """The oldest event whose content is not gone yet."""
        found = self._database.execute(_PENDING).fetchone()
        return Ordered(*found) if found else None

    def concerned(self, ordered: Ordered) -> list[Concerned]:
        """Every delivery that may hold something of an event. Of a notice only its body tells."""
        return [
            Concerned(identifier, bool(is_open), attempts, kind, Position(segment, offset))
            for identifier, is_open, attempts, kind, segment, offset in self._database.execute(
                _CONCERNED, (ordered.source, ordered.id)
            )
        ]

    def runs(self, ordered: Ordered) -> set[str] | None:
        """The runs that may hold something of an event; None while one of them is open."""
        what = (ordered.source, ordered.id)
        if self._database.execute(_OPEN_RUNS, what).fetchone()[0]:
            return None
        return {run for (run,) in self._database.execute(_RUNS, what)}

    def include(self, delivery: str) -> bool:
        """Whether the content of this delivery has to go, or is gone."""
        return is_expunged(lambda sql, values: self._database.execute(sql, values).fetchall(), delivery)

    def scrub(self, ordered: Ordered, deliveries: Sequence[str]) -> None:
        """Leave nothing in the file of what an event and its deliveries held, or of the answers to it."""
        database = self._database
        database.create_function("origin_of", 1, origin_of, deterministic=True)
        names = json.dumps(list(deliveries))
        database.execute("BEGIN IMMEDIATE")
        try:
            for which in ("id", "batch"):
                database.execute(_SCRUB.format(which=which), (names,))
            database.execute(_SCRUB_RUNS, (ordered.source, ordered.id))
            database.execute(_FORGET, (ordered.source, ordered.id))
            database.execute("COMMIT")
        except BaseException:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise
        database.execute("VACUUM")  # what stood there is in no page any more
        (busy, *_) = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise sqlite3.OperationalError("the index is being read, what was removed is still in its log")
