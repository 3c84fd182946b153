"""What each item of the journal changes in the index's tables."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping

from ..delivery import State, Status
from ..instant import milliseconds
from ..journal.follow import Advanced, Derived, Entered, Expunging, Fanout, Item, Reported, Turned
from ..journal.opened import Acted, Batched, Noticed, Replayed
from ..journal.outcome import Attempt, Held, Settled
from ..journal.reader import Damage
from ..journal.segment import Position
from .digest import Pair
from .expunging import note
from .jobs import enter_job, enter_replay
from .places import is_in, written
from .runs import begin_runs, enter_run
from .untold import Untold
from .verdict import read_verdict

SETTLED_STATE = {
    Status.SUCCESS: State.SUCCESS,
    Status.FAILURE: State.FAILURE,
    Status.CANCELLED: State.CANCELLED,
    Status.SKIPPED: State.SKIPPED,
}

_NAMES = (
    "number, id, message, status, state, entity_type, entity_id, action, event_source, event_id, event_type,"
    " place, revision, accepted, updated, due, test, kind, changed,"
    " event_segment, event_offset, segment, offset"
)
_DELIVERY = f"INSERT OR IGNORE INTO deliveries ({_NAMES}) VALUES ({', '.join('?' * 23)})"  # noqa: S608  # fixed names
_ORIGIN = "SELECT event_segment, event_offset FROM deliveries WHERE id = ?"
_EVENT = "INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_NUMBER = "SELECT number FROM deliveries WHERE id = ?"
_KNOWN = (
    "SELECT id, number, status = 'In Queue', kind, lines FROM deliveries"
    " WHERE id IN (SELECT value FROM json_each(?))"
)
_SUBSCRIBER = "SELECT entity_type, entity_id FROM deliveries WHERE number = ?"
_MEMBERS = "SELECT number FROM deliveries WHERE batch = ? ORDER BY number"
_ADD_LINES = "UPDATE deliveries SET lines = lines || ? WHERE number = ?"
_SWITCH = (
    "INSERT INTO switches (name, state, reason, by, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE"
    " SET state = excluded.state, reason = excluded.reason, by = excluded.by, at = excluded.at"
    " WHERE (excluded.at, excluded.state) > (switches.at, switches.state)"
)
_DAMAGE = "INSERT OR IGNORE INTO damage VALUES (?, ?, ?, ?)"
_Known = tuple[str, int, int, str, str]  # what `_KNOWN` answers of a delivery


class Fold:
    """Applies items inside one transaction. `new` collects the deliveries that were not known before.

    The first `accepted` of a delivery and its first `settled` count; nothing later contradicts them.
    """

    def __init__(self, database: sqlite3.Connection, segment: Callable[[str], int]) -> None:
        self._database = database
        self._segment = segment
        self.new: set[str] = set()
        self.untold = Untold(database)
        self._entered: dict[str, list[Entered]] = {}
        self._changes: dict[tuple[str, ...], list[tuple[object, ...]]] = {}  # by the columns that change
        row = database.execute("SELECT coalesce(max(number), 0), coalesce(max(changed), 0) FROM deliveries")
        self._number, self._changed = row.fetchone()

    def take(self, item: Item) -> None:
        if isinstance(item, Fanout):
            self._accept(item)
        elif isinstance(item, Derived):
            self._derive(item)
        elif isinstance(item, Entered):
            self._entered.setdefault(item.fields.delivery, []).append(item)
        elif isinstance(item, Turned):
            switch = item.switch
            row = (switch.name, switch.state, switch.reason, switch.by, switch.at)
            self._database.execute(_SWITCH, row)
            self.untold.disable(switch, item.position)
        elif isinstance(item, Reported):
            enter_job(self._database, item.job, self._segment(item.position.segment))
        elif isinstance(item, Expunging):
            note(self._database, item)
        elif isinstance(item, Advanced):
            enter_run(self._database, item, self._segment)
        else:
            self._note(item)

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

    def _open(self, identifier: str, *columns: object, places: tuple[int, int, int, int]) -> bool:
        """Enter a delivery unless it is there already; whether it was new."""
        row = (self._number + 1, identifier, *columns, self._changed + 1, *places)
        if not self._database.execute(_DELIVERY, row).rowcount:
            return False
        self._number += 1
        self._changed += 1
        self.new.add(identifier)
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
        if new and isinstance(opened, Replayed) and opened.job:
            enter_replay(self._database, opened.job, opened.of)
        if new and isinstance(opened, Noticed):
            self._tell(opened, at, derived.position)

    def _tell(self, notice: Noticed, at: int, position: Position) -> None:
        if notice.tells != "test":
            pair = Pair(notice.entity_type, notice.entity_id, notice.notifier, notice.tells)
            self.untold.tell(pair, at, position)

    def finish(self) -> None:
        """Write what was collected; call it last."""
        ids = json.dumps(list(self._entered))
        known: dict[str, _Known] = {row[0]: row for row in self._database.execute(_KNOWN, (ids,))}
        for delivery, lines in self._entered.items():
            if delivery in known:  # else its acceptance cannot be read
                self._enter(known[delivery], lines)
        self._write_changes()

    def _enter(self, known: _Known, lines: list[Entered]) -> None:
        """All lines about one delivery at once; one that was entered before changes nothing."""
        delivery, number, is_open, kind, places = known
        new, added = self._not_entered(lines, places)
        columns = self._columns(number, new) if is_open else {}
        if columns and kind == "batch":
            for (member,) in self._database.execute(_MEMBERS, (delivery,)).fetchall():
                self._change(member, columns)
        if columns:
            self._change(number, columns, added)
        elif added:
            self._database.execute(_ADD_LINES, (added, number))

    def _not_entered(self, lines: list[Entered], places: str) -> tuple[list[Entered], str]:
        """The lines whose place is none of these, and their places."""
        new: list[Entered] = []
        added = ""
        for line in lines:
            place = written(self._segment(line.position.segment), line.position.offset)
            if not is_in(place, places + added):
                new.append(line)
                added += place
        return new, added

    def _columns(self, number: int, lines: list[Entered]) -> dict[str, object]:
        """The columns of a delivery that these lines set."""
        columns: dict[str, object] = {}
        for line in lines:
            columns.update(_columns(line))
            columns["updated"] = line.at
            if isinstance(line.fields, Settled):
                self._fail(number, line.fields, line.position)
                break  # nothing later contradicts it
        return columns

    def _fail(self, number: int, settled: Settled, position: Position) -> None:
        for notifier in settled.notify:
            entity_type, entity_id = self._database.execute(_SUBSCRIBER, (number,)).fetchone()
            self.untold.fail(number, Pair(entity_type, entity_id, notifier), position)

    def _change(self, number: int, columns: Mapping[str, object], lines: str = "") -> None:
        """What changes in one delivery, to be written with what changes in others."""
        self._changed += 1
        self._changes.setdefault(tuple(columns), []).append((self._changed, lines, *columns.values(), number))

    def _write_changes(self) -> None:
        for names, rows in self._changes.items():
            columns = "".join(f", {name} = ?" for name in names)
            sql = f"UPDATE deliveries SET changed = ?, lines = lines || ?{columns} WHERE number = ?"  # noqa: S608  # fixed names
            self._database.executemany(sql, rows)
        self._changes = {}

    def _set(self, number: int, columns: Mapping[str, object]) -> None:
        if columns:
            self._changed += 1
            names = ", ".join(f"{name} = ?" for name in ("changed", *columns))
            sql = f"UPDATE deliveries SET {names} WHERE number = ?"  # noqa: S608  # fixed names
            self._database.execute(sql, (self._changed, *columns.values(), number))

    def _note(self, damage: Damage) -> None:
        place = (self._segment(damage.position.segment), damage.position.offset)
        self._database.execute(_DAMAGE, (*place, damage.length, damage.reason))


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
    return {
        "state": _TRIED.get(attempt.outcome, State.IN_FLIGHT),  # the next line settles it
        "attempts": attempt.attempt,
        "code": attempt.response.status if attempt.response else None,
        "error": attempt.error,
        "reason": attempt.reason,
        "url": attempt.request.url if attempt.request else None,
        "next": _instant(attempt.next),
        **_transmitted(attempt),
    }


_TRIED = {"retry": State.RETRYING, "split": State.SPLITTING}


def _transmitted(attempt: Attempt) -> dict[str, object]:
    """When a request was begun, how long it took, what its receiver said; a try without one changes none."""
    if attempt.request is None:
        return {}
    took = attempt.timing.total if attempt.timing else None
    verdict = read_verdict(attempt.response)
    return {
        "transmitted": milliseconds(attempt.ended) - round((took or 0) * 1000),
        "took": took,
        "verdict": verdict.status if verdict else None,
        "verdict_reason": verdict.reason if verdict else None,
    }


def _instant(text: str | None) -> int | None:
    return None if text is None else milliseconds(text)
