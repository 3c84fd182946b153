"""What was carried forward, as the index keeps it: the same delivery, standing in other lines."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass

import msgspec

from ..instant import milliseconds, timestamp
from ..journal.carried import Carried, Kept
from ..journal.follow import Derived, Fanout
from ..journal.segment import Position
from .places import written

_OPEN = (
    "SELECT number, d.id, kind, e.name, event_offset, d.offset, accepted, updated, state, attempts, next,"
    " error, reason, code, coalesce(batch, '')"
    " FROM deliveries d JOIN segments s ON s.id = d.segment JOIN segments e ON e.id = event_segment"
    " WHERE status = 'In Queue' AND s.name = ? AND number > ? ORDER BY number"
)
_MOVE = "UPDATE deliveries SET event_segment = ?1, event_offset = ?2, segment = ?3, offset = ?4 WHERE id = ?5"
_MOVE_ALONE = (
    "UPDATE deliveries SET segment = ?1, offset = ?2,"
    " event_segment = CASE WHEN event_segment = segment THEN ?1 ELSE event_segment END,"
    " event_offset = CASE WHEN event_segment = segment THEN ?2 ELSE event_offset END WHERE id = ?3"
)
_MOVE_EVENT = "UPDATE events SET segment = ?, offset = ? WHERE source = ? AND id = ?"
_STAND = (
    "UPDATE deliveries SET state = ?, attempts = ?, next = ?, error = ?, reason = ?, code = ?, updated = ?,"
    " batch = ? WHERE id = ?"
)
_KEEP = "UPDATE deliveries SET lines = lines || ?1 WHERE id = ?2 AND instr(' ' || lines, ' ' || ?1) = 0"
_REASON = 400  # bytes as JSON: it must fit beside what filled a line before


@dataclass(frozen=True, slots=True)
class Leaving:
    """An open delivery that stands in a segment which is to go: where, and how it stands.

    `kind` is what opened it; `number` grows from one to the next.
    """

    number: int
    id: str
    kind: str
    event: Position
    line: Position
    carried: Carried


def leaving(database: sqlite3.Connection, segment: str, after: int) -> Iterator[Leaving]:
    """What is open in a segment, from the number `after` on; those of one event follow one another.

    Raises `sqlite3.Error`.
    """
    for row in database.execute(_OPEN, (segment, after)):
        number, identifier, kind, event, event_offset, offset, accepted, updated = row[:8]
        state, attempts, following, error, reason, code, batch = row[8:]
        carried = Carried(
            accepted=timestamp(accepted),
            updated=timestamp(updated),
            state=state,
            attempts=attempts,
            next=None if following is None else timestamp(following),
            error=error,
            reason=_bounded(reason),
            code=code,
            batch=batch,
        )
        places = Position(event, event_offset), Position(segment, offset)
        yield Leaving(number, identifier, kind, *places, carried)


def carry(
    database: sqlite3.Connection, segment: Callable[[str], int], item: Fanout | Derived, new: Container[str]
) -> None:
    """Note where the deliveries of an item that was carried forward stand; those that were not known before
    (`new`) stand as it says.
    """
    place = (segment(item.position.segment), item.position.offset)
    if isinstance(item, Derived):
        database.execute(_MOVE_ALONE, (*place, item.opened.id))
        stood = [(item.opened.id, item.opened.carried)]
    else:
        database.execute(_MOVE_EVENT, (*place, item.event.source, item.event.id))
        for position, planned in item.deliveries:
            line = (segment(position.segment), position.offset)
            database.execute(_MOVE, (*place, *line, planned.id))
        stood = [(planned.id, planned.carried) for _, planned in item.deliveries]
    for identifier, carried in stood:
        if carried and identifier in new:
            database.execute(_STAND, (*_columns(carried), identifier))


def keep(database: sqlite3.Connection, segment: Callable[[str], int], kept: Kept) -> None:
    """Note where the last attempt of a delivery stands now."""
    place = written(segment(kept.position.segment), kept.position.offset)
    database.execute(_KEEP, (place, kept.attempt.delivery))


def _bounded(reason: str) -> str:
    while len(msgspec.json.encode(reason)) > _REASON:
        reason = reason[: len(reason) // 2]
    return reason


def _columns(carried: Carried) -> tuple[object, ...]:
    return (
        carried.state,
        carried.attempts,
        None if carried.next is None else milliseconds(carried.next),
        carried.error,
        carried.reason,
        carried.code,
        milliseconds(carried.updated),
        carried.batch or None,
    )
