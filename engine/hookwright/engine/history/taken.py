"""What a batch took along: the deliveries that follow it, and where they stand in the journal."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from ..journal.segment import Position

_MEMBERS = (
    "SELECT d.id, e.name, event_offset, l.name, d.offset FROM deliveries d"
    " JOIN segments e ON e.id = event_segment JOIN segments l ON l.id = d.segment WHERE batch = ?"
    " ORDER BY number"
)


@dataclass(frozen=True, slots=True)
class Taken:
    """A member of a batch: where its event's line stands, and the one that holds it."""

    id: str
    event: Position
    line: Position


def members_of(database: sqlite3.Connection, batch: str) -> list[Taken]:
    """The members that are in this batch now, and in no half of it. Raises `sqlite3.Error`."""
    rows = database.execute(_MEMBERS, (batch,))
    return [Taken(row[0], Position(*row[1:3]), Position(*row[3:5])) for row in rows]
