"""What each item of the journal changes in the index's tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from functools import partial
from itertools import count

from ..delivery import State, Status
from ..instant import milliseconds
from ..journal.follow import Derived, Entered, Fanout, Item, Turned
from ..journal.opened import Acted, Batched, Noticed, Replayed
from ..journal.segment import Position
from .booked import Booked
from .carrying import carry
from .digest import Pair
from .jobs import enter_replay
from .others import enter_other
from .runs import begin_runs
from .untold import Untold

_NAMES = (
    "number, id, message, status, state, entity_type, entity_id, action, event_source, event_id, event_type,"
    " place, revision, accepted, updated, due, test, kind, changed,"
    " event_segment, event_offset, segment, offset"
)
_DELIVERY = f"INSERT OR IGNORE INTO deliveries ({_NAMES}) VALUES ({', '.join('?' * 23)})"  # noqa: S608  # fixed names
_LAST = (  # each by itself: two in one query are looked for among all rows
    "SELECT (SELECT coalesce(max(number), 0) FROM deliveries),"
    " (SELECT coalesce(max(changed), 0) FROM deliveries)"
)
_ORIGIN = "SELECT event_segment, event_offset FROM deliveries WHERE id = ?"
_EVENT = "INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_NUMBER = "SELECT number FROM deliveries WHERE id = ?"
_SWITCH = (
    "INSERT INTO switches (name, state, reason, by, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE"
    " SET state = excluded.state, reason = excluded.reason, by = excluded.by, at = excluded.at"
    " WHERE (excluded.at, excluded.state) > (switches.at, switches.state)"
)


class Fold:
    """Applies items inside one transaction. `new` collects the deliveries that were not known before, and
    their numbers.

    The first `accepted` of a delivery and its first `settled` count; nothing later contradicts them.
    """

    def __init__(self, database: sqlite3.Connection, segment: Callable[[str], int]) -> None:
        self._database = database
        self._segment = segment
        self.new: dict[str, int] = {}
        self.untold = Untold(database)
        self._number, changed = database.execute(_LAST).fetchone()
        self._next_change = partial(next, count(changed + 1))
        self._booked = Booked(database, segment, self.untold, self._next_change)

    def take(self, item: Item) -> None:
        if isinstance(item, Fanout):
            self._accept(item)
        elif isinstance(item, Derived):
            self._derive(item)
        elif isinstance(item, Entered):
            self._booked.take(item)
        elif isinstance(item, Turned):
            switch = item.switch
            row = (switch.name, switch.state, switch.reason, switch.by, switch.at)
            self._database.execute(_SWITCH, row)
            self.untold.disable(switch, item.position)
        else:
            enter_other(self._database, item, self._segment)

    def _accept(self, fanout: Fanout) -> None:
        event, first = fanout.event, self._number + 1
        segment = self._segment(fanout.position.segment)
        for position, planned in fanout.deliveries:
            due = milliseconds(planned.due)
            waits = State.BATCHING if planned.batch else State.WAITING if due > fanout.at else State.READY
            self._open(
                planned.id, planned.message, Status.IN_QUEUE, waits, planned.entity_type, planned.entity_id,
                planned.action, event.source, event.id, event.type, planned.place, fanout.revision,
                fanout.at, fanout.at, due, planned.test, "event",
                places=(segment, fanout.position.offset, self._segment(position.segment), position.offset),
            )  # fmt: skip
        place = (segment, fanout.position.offset, first, self._number + 1 - first)
        head = (event.source, event.id, event.type, fanout.fingerprint, fanout.revision, fanout.at)
        self._database.execute(_EVENT, (*head, *place))
        if fanout.runs:
            begin_runs(self._database, fanout, segment)
        if fanout.carried:
            carry(self._database, self._segment, fanout, self.new)

    def _open(self, identifier: str, *columns: object, places: tuple[int, int, int, int]) -> bool:
        """Enter a delivery unless it is there already; whether it was new."""
        row = (self._number + 1, identifier, *columns, self._next_change(), *places)
        if not self._database.execute(_DELIVERY, row).rowcount:
            return False
        self._number += 1
        self.new[identifier] = self._number
        return True

    def _derive(self, derived: Derived) -> None:
        opened, at = derived.opened, derived.at
        due = milliseconds(opened.due)
        place = (self._segment(derived.position.segment), derived.position.offset)
        kind, origin, further = _kind(derived)
        event = self._database.execute(_ORIGIN, (origin,)).fetchone() or place
        new = self._open(
            opened.id, opened.message, Status.IN_QUEUE, State.WAITING if due > at else State.READY,
            opened.entity_type, opened.entity_id, opened.action, opened.event_source, opened.event_id,
            opened.event_type, opened.place, opened.revision, at, at, due, opened.test, kind,
            places=(*event, *place),
        )  # fmt: skip
        if new:
            self._set(self._number, further)
        if new and isinstance(opened, Batched):
            for member in opened.members:
                row = self._database.execute(_NUMBER, (member,)).fetchone()
                if row:
                    self._set(row[0], {"batch": opened.id, "state": State.READY})
        if new and isinstance(opened, Replayed) and opened.job and not opened.carried:  # else it is counted
            enter_replay(self._database, opened.job, opened.of)
        if new and isinstance(opened, Noticed):
            told = opened.carried.told if opened.carried else None
            self._tell(opened, at, Position(*told) if told else derived.position)
        if opened.carried:
            carry(self._database, self._segment, derived, self.new)

    def _tell(self, notice: Noticed, at: int, position: Position) -> None:
        if notice.tells != "test":
            pair = Pair(notice.entity_type, notice.entity_id, notice.notifier, notice.tells)
            self.untold.tell(pair, at, position)

    def finish(self) -> None:
        """Write what was collected; call it last."""
        self._booked.finish()

    def _set(self, number: int, columns: Mapping[str, object]) -> None:
        if columns:
            names = ", ".join(f"{name} = ?" for name in ("changed", *columns))
            sql = f"UPDATE deliveries SET {names} WHERE number = ?"  # noqa: S608  # fixed names
            self._database.execute(sql, (self._next_change(), *columns.values(), number))


def _kind(derived: Derived) -> tuple[str, str, dict[str, object]]:
    """What opened a delivery, the delivery whose event it shares, the columns only this kind has."""
    opened = derived.opened
    if isinstance(opened, Batched):
        return (
            "batch",
            next(iter(opened.members), ""),
            {"members": len(opened.members), "closed": opened.closed, "half_of": opened.half_of or None},
        )
    if isinstance(opened, Replayed):
        return "replay", opened.of, {"round": opened.round}
    if isinstance(opened, Acted):
        return "action", "", {"run": opened.run}
    assert isinstance(opened, Noticed)
    return "notice", "", {}
