"""What the bookkeeper's lines change in the rows of deliveries: collected, and written together."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping

from ..delivery import State, Status
from ..instant import milliseconds
from ..journal.follow import Entered
from ..journal.outcome import Attempt, Held, Settled
from ..journal.segment import Position
from .digest import Pair
from .places import is_in, written
from .untold import Untold
from .verdict import read_verdict

SETTLED_STATE = {
    Status.SUCCESS: State.SUCCESS,
    Status.FAILURE: State.FAILURE,
    Status.CANCELLED: State.CANCELLED,
    Status.SKIPPED: State.SKIPPED,
}

_KNOWN = (
    "SELECT id, number, status = 'In Queue', kind, lines FROM deliveries"
    " WHERE id IN (SELECT value FROM json_each(?))"
)
_SUBSCRIBER = "SELECT entity_type, entity_id FROM deliveries WHERE number = ?"
_MEMBERS = "SELECT number FROM deliveries WHERE batch = ? ORDER BY number"
_ADD_LINES = "UPDATE deliveries SET lines = lines || ? WHERE number = ?"
_END = (
    "UPDATE deliveries SET changed = ?, lines = lines || ?, status = ?, state = ?, reason = ?, attempts = ?,"
    " code = ?, error = ?, url = ?, transmitted = ?, took = ?, verdict = ?, verdict_reason = ?, updated = ?,"
    " next = NULL WHERE number = ?"
)
_Known = tuple[str, int, int, str, str]  # what `_KNOWN` answers of a delivery
_Row = tuple[object, ...]


class Booked:
    """Part of a fold. `segment` numbers a segment, `next_change` every change; `untold` hears of failures.

    The first `settled` of a delivery counts; nothing later contradicts it.
    """

    def __init__(
        self,
        database: sqlite3.Connection,
        segment: Callable[[str], int],
        untold: Untold,
        next_change: Callable[[], int],
    ) -> None:
        self._database = database
        self._segment = segment
        self._untold = untold
        self._next_change = next_change
        self._lines: dict[str, list[Entered]] = {}  # by delivery
        self._changes: dict[tuple[str, ...], list[_Row]] = {}  # by the columns that change
        self._ended: list[_Row] = []

    def take(self, line: Entered) -> None:
        self._lines.setdefault(line.fields.delivery, []).append(line)

    def finish(self) -> None:
        """Write what was collected."""
        known = self._look_up([each for each, lines in self._lines.items() if not lines[0].number])
        for delivery, lines in self._lines.items():
            if lines[0].number:
                self._enter_own(lines[0].number, lines)
            elif delivery in known:  # else its acceptance cannot be read
                self._enter(known[delivery], lines)
        for names, rows in self._changes.items():
            columns = "".join(f", {name} = ?" for name in names)
            sql = f"UPDATE deliveries SET changed = ?, lines = lines || ?{columns} WHERE number = ?"  # noqa: S608  # fixed names
            self._database.executemany(sql, rows)
        self._database.executemany(_END, self._ended)

    def _look_up(self, deliveries: list[str]) -> dict[str, _Known]:
        if not deliveries:
            return {}
        return {row[0]: row for row in self._database.execute(_KNOWN, (json.dumps(deliveries),))}

    def _enter_own(self, number: int, lines: list[Entered]) -> None:
        """What was just written about a delivery that is open: most often one try, which ended it."""
        row = self._end(number, *lines) if len(lines) == 2 else None
        if row is not None:
            self._ended.append(row)
        else:
            self._change(number, self._columns(number, lines), "".join(map(self._place, lines)))

    def _end(self, number: int, first: Entered, last: Entered) -> _Row | None:
        """The values for `_END`; None when these lines are not a request and its end."""
        tried, settled = first.fields, last.fields
        if not (isinstance(tried, Attempt) and isinstance(settled, Settled)) or tried.request is None:
            return None
        status, took, verdict, words = _answered(tried)
        self._fail(number, settled, last.position)
        return (
            self._next_change(), self._place(first) + self._place(last),
            settled.status, SETTLED_STATE[settled.status], settled.reason, settled.attempts,
            status, tried.error, tried.request.url, _begun(tried, took), took, verdict, words,
            last.at, number,
        )  # fmt: skip

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
            place = self._place(line)
            if not is_in(place, places + added):
                new.append(line)
                added += place
        return new, added

    def _place(self, line: Entered) -> str:
        return written(self._segment(line.position.segment), line.position.offset)

    def _columns(self, number: int, lines: list[Entered]) -> dict[str, object]:
        """The columns of a delivery that these lines set."""
        columns: dict[str, object] = {}
        for line in lines:
            columns.update(_columns(line))
            columns["updated"] = line.at
            if isinstance(line.fields, Settled):
                self._fail(number, line.fields, line.position)
                break
        return columns

    def _fail(self, number: int, settled: Settled, position: Position) -> None:
        for notifier in settled.notify:
            entity_type, entity_id = self._database.execute(_SUBSCRIBER, (number,)).fetchone()
            self._untold.fail(number, Pair(entity_type, entity_id, notifier), position)

    def _change(self, number: int, columns: Mapping[str, object], places: str = "") -> None:
        row = (self._next_change(), places, *columns.values(), number)
        self._changes.setdefault(tuple(columns), []).append(row)


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
    _, took, verdict, words = _answered(attempt)
    begun = _begun(attempt, took)
    return {"transmitted": begun, "took": took, "verdict": verdict, "verdict_reason": words}


def _answered(attempt: Attempt) -> tuple[int | None, float | None, str | None, str | None]:
    """The status, the seconds it took, and what the receiver said of the request."""
    response, timing = attempt.response, attempt.timing
    took = timing.total if timing else None
    if response is None:
        return None, took, None, None
    verdict = read_verdict(response)
    if verdict is None:
        return response.status, took, None, None
    return response.status, took, verdict.status, verdict.reason


def _begun(attempt: Attempt, took: float | None) -> int:
    return milliseconds(attempt.ended) - round((took or 0) * 1000)


def _instant(text: str | None) -> int | None:
    return None if text is None else milliseconds(text)
