"""What is still to be told, as the index keeps it: each failure and each switch-off, until a notice tells it.

A notice tells all that stands before it among the bookkeeper's lines. So places decide, not the order in
which lines are entered: an index built anew from the journal knows the same.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

import msgspec

from ..journal.lineage import standing
from ..journal.segment import Position
from ..journal.switch import Switch, subscriber_of
from .digest import Pair, Standing
from .row import COLUMNS, Row, read_row

_KEY = "(entity_type, entity_id, notifier, tells) = (?, ?, ?, ?)"
_DIGEST = "INSERT OR IGNORE INTO digests (entity_type, entity_id, notifier, tells) VALUES (?, ?, ?, ?)"
_FIND = f"SELECT id, told_segment, told_offset FROM digests WHERE {_KEY}"  # noqa: S608  # fixed names
_NOTE = "INSERT OR IGNORE INTO untold VALUES (?, ?, ?, ?, ?)"
_TELL = (
    "UPDATE digests SET told = ?, told_segment = ?, told_offset = ?"
    " WHERE id = ? AND (told_segment, told_offset) < (?, ?)"
)
_FORGET = "DELETE FROM untold WHERE digest = ? AND (segment, offset) < (?, ?)"
_MORE = "UPDATE digests SET count = count + ? WHERE id = ?"
_STANDINGS = (
    "SELECT entity_type, entity_id, notifier, tells, count,"
    " (SELECT coalesce(f.id, u.switch) FROM untold u LEFT JOIN deliveries f ON f.number = u.delivery"
    "  WHERE u.digest = d.id ORDER BY u.segment, u.offset LIMIT 1),"
    " told FROM digests d"
)
_NAMED = (
    "SELECT coalesce(f.id, u.switch) FROM digests d JOIN untold u ON u.digest = d.id"
    " LEFT JOIN deliveries f ON f.number = u.delivery"
    " WHERE (d.entity_type, d.entity_id, d.notifier, d.tells) = (?, ?, ?, ?)"
    " ORDER BY u.segment DESC, u.offset DESC LIMIT ?"
)
_FAILED = (
    f"SELECT {COLUMNS} FROM deliveries"  # noqa: S608  # fixed names
    " WHERE status = 'Failure' AND entity_type = ? AND entity_id = ? AND kind != 'notice'"
    " ORDER BY number DESC LIMIT ?"
)


class Untold:
    """The writing side, inside the transaction of whoever made it. `touched` are the pairs that changed."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self.touched: set[Pair] = set()

    def fail(self, number: int, pair: Pair, position: Position) -> None:
        """The delivery of this number failed, as the line at `position` says."""
        self._note(pair, position, number, None)

    def disable(self, switch: Switch, position: Position) -> None:
        """A subscriber was switched off, as the line at `position` says."""
        entity_type, entity_id = subscriber_of(switch.name).split("/")
        for notifier in switch.notify:
            said = msgspec.json.encode(switch).decode()
            self._note(Pair(entity_type, entity_id, notifier, "disabled"), position, None, said)

    def _note(self, pair: Pair, position: Position, delivery: int | None, switch: str | None) -> None:
        place = (standing(position.segment), position.offset)
        digest, *told = self._digest(pair)
        if place > tuple(told):
            new = self._database.execute(_NOTE, (digest, *place, delivery, switch)).rowcount
            self._database.execute(_MORE, (new, digest))
            self.touched.add(pair)

    def tell(self, pair: Pair, at: int, position: Position) -> None:
        """The notice at `position`, written at `at` (Unix milliseconds), tells what stands before it."""
        place = (standing(position.segment), position.offset)
        digest = self._digest(pair)[0]
        self._database.execute(_TELL, (at, *place, digest, *place))
        told = self._database.execute(_FORGET, (digest, *place)).rowcount
        self._database.execute(_MORE, (-told, digest))
        self.touched.add(pair)

    def _digest(self, pair: Pair) -> tuple[int, int, int]:
        self._database.execute(_DIGEST, pair)
        found: tuple[int, int, int] = self._database.execute(_FIND, pair).fetchone()
        return found


def standings(database: sqlite3.Connection, pairs: Iterable[Pair] | None = None) -> list[Standing]:
    """How these pairs stand; all of them when None."""
    if pairs is None:
        rows = database.execute(_STANDINGS).fetchall()
    else:
        rows = [row for pair in pairs for row in database.execute(f"{_STANDINGS} WHERE {_KEY}", pair)]
    return [Standing(Pair(*row[:4]), *row[4:]) for row in rows]


def untold_of(database: sqlite3.Connection, pair: Pair, limit: int) -> tuple[str, ...]:
    """What is to be told to a pair, the newest first: ids of deliveries, or switches as JSON."""
    return tuple(said for (said,) in database.execute(_NAMED, (*pair, limit)))


def rows_of(database: sqlite3.Connection, deliveries: Sequence[str]) -> list[Row]:
    """The rows of these deliveries, in this order; what is not there is left out."""
    sql = f"SELECT {COLUMNS} FROM deliveries WHERE id = ?"  # noqa: S608  # fixed names
    found = (database.execute(sql, (each,)).fetchone() for each in deliveries)
    return [read_row(row) for row in found if row]


def failed_of(database: sqlite3.Connection, entity_type: str, entity_id: str, limit: int) -> list[Row]:
    """The newest failed deliveries of a subscriber, the newest first."""
    return [read_row(row) for row in database.execute(_FAILED, (entity_type, entity_id, limit))]
