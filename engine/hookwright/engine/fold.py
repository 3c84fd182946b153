"""What each item of the journal changes in the index's tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from .delivery import State, Status
from .follow import Entered, Fanout, Item
from .instant import milliseconds
from .outcome import Attempt, Held, Settled
from .reader import Damage

SETTLED_STATE = {
    Status.SUCCESS: State.SUCCESS,
    Status.FAILURE: State.FAILURE,
    Status.CANCELLED: State.CANCELLED,
    Status.SKIPPED: State.SKIPPED,
}

_DELIVERY = (
    "INSERT OR IGNORE INTO deliveries (number, id, message, status, state, entity_type, entity_id, action,"
    " event_source, event_id, event_type, place, revision, accepted, updated, due, changed,"
    " event_segment, event_offset, segment, offset)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_EVENT = "INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_NUMBER = "SELECT number, status FROM deliveries WHERE id = ?"
_LINE = "INSERT OR IGNORE INTO lines VALUES (?, ?, ?)"
_DAMAGE = "INSERT OR IGNORE INTO damage VALUES (?, ?, ?, ?)"


class Fold:
    """Applies items inside one transaction. `new` collects the deliveries that were not known before.

    The first `accepted` of a delivery and its first `settled` count; nothing later contradicts them.
    """

    def __init__(self, database: sqlite3.Connection, segment: Callable[[str], int]) -> None:
        self._database = database
        self._segment = segment
        self.new: set[str] = set()
        self._entered: dict[str, list[Entered]] = {}
        row = database.execute("SELECT coalesce(max(number), 0), coalesce(max(changed), 0) FROM deliveries")
        self._number, self._changed = row.fetchone()

    def take(self, item: Item) -> None:
        if isinstance(item, Fanout):
            self._accept(item)
        elif isinstance(item, Entered):
            self._entered.setdefault(item.fields.delivery, []).append(item)
        else:
            self._note(item)

    def _accept(self, fanout: Fanout) -> None:
        event, first = fanout.event, self._number + 1
        segment = self._segment(fanout.position.segment)
        for position, planned in fanout.deliveries:
            due = milliseconds(planned.due)
            state = State.WAITING if due > fanout.at else State.READY
            row: tuple[Any, ...] = (
                self._number + 1, planned.id, planned.message, Status.IN_QUEUE, state, planned.entity_type,
                planned.entity_id, planned.action, event.source, event.id, event.type, planned.place,
                fanout.revision, fanout.at, fanout.at, due, self._changed + 1,
                segment, fanout.position.offset, self._segment(position.segment), position.offset,
            )  # fmt: skip
            if self._database.execute(_DELIVERY, row).rowcount:
                self._number += 1
                self._changed += 1
                self.new.add(planned.id)
        place = (segment, fanout.position.offset, first, self._number + 1 - first)
        head = (event.source, event.id, event.type, fanout.fingerprint, fanout.revision, fanout.at)
        self._database.execute(_EVENT, (*head, *place))

    def finish(self) -> None:
        """Write what was collected; call it last."""
        for delivery, lines in self._entered.items():
            row = self._database.execute(_NUMBER, (delivery,)).fetchone()
            if row:  # else its acceptance cannot be read
                self._enter(row[0], lines, is_open=row[1] == Status.IN_QUEUE)

    def _enter(self, number: int, lines: list[Entered], *, is_open: bool) -> None:
        """All lines about one delivery at once; one that was entered before changes nothing."""
        columns: dict[str, object] = {}
        for line in lines:
            place = (number, self._segment(line.position.segment), line.position.offset)
            new = self._database.execute(_LINE, place).rowcount
            if new and "status" not in columns:
                columns.update(_columns(line), updated=line.at)
        if columns and is_open:
            self._changed += 1
            columns["changed"] = self._changed
            names = ", ".join(f"{name} = ?" for name in columns)
            sql = f"UPDATE deliveries SET {names} WHERE number = ?"  # noqa: S608  # fixed names
            self._database.execute(sql, (*columns.values(), number))

    def _note(self, damage: Damage) -> None:
        place = (self._segment(damage.position.segment), damage.position.offset)
        self._database.execute(_DAMAGE, (*place, damage.length, damage.reason))


def _columns(entered: Entered) -> dict[str, object]:
    """The columns of the delivery that this line sets."""
    fields = entered.fields
    if isinstance(fields, Settled):
        return {
            "status": fields.status,
            "state": SETTLED_STATE[fields.status],
            "reason": fields.reason,
            "attempts": fields.attempts,
            "next": None,
        }
    if isinstance(fields, Held):
        return {
            "state": State.HELD,
            "error": fields.error,
            "reason": fields.reason,
            "next": _instant(fields.next),
        }
    if entered.kind == "lease_lost":
        return {"state": State.READY, "reason": fields.reason, "next": None}
    return _tried(fields)


def _tried(attempt: Attempt) -> dict[str, object]:
    retrying = attempt.outcome == "retry"
    return {
        "state": State.RETRYING if retrying else State.IN_FLIGHT,  # else the next line settles it
        "attempts": attempt.attempt,
        "code": attempt.response.status if attempt.response else None,
        "error": attempt.error,
        "reason": attempt.reason,
        "url": attempt.request.url if attempt.request else None,
        "next": _instant(attempt.next),
    }


def _instant(text: str | None) -> int | None:
    return None if text is None else milliseconds(text)
