"""One delivery as a row of the history, and the filter that picks rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from msgspec import Struct, structs

from hookwright.rules.model import endpoint_name

from ..delivery import State, Status
from ..instant import timestamp
from ..journal.switch import Switches
from .verdict import Verdict

COLUMNS = (
    "id, message, status, state, entity_type, entity_id, action, event_type, event_id, event_source, place, "
    "revision, accepted, updated, due, next, attempts, code, error, reason, url, "
    "kind, round, batch, members, closed, half_of, test, transmitted, took, verdict, verdict_reason"
)

_NAMES = COLUMNS.split(", ")


class Row(Struct, frozen=True, kw_only=True, rename="camel"):
    """One delivery in a list. In JSON the names are `entityType`, `eventId` and so on.

    `status` is one of the five words, `state` the inner state. Times are RFC 3339 text; `next` is when an
    open delivery is tried next, if that is known. `attempts` counts spent tries. `code` is the last HTTP
    status, `error` the last error class, `url` where the last request went, `transmitted` when, and `took`
    how many seconds that try lasted. `place` is the YAML line that asked for the delivery. `kind` is what
    opened it: event, batch, notice or replay; `round` counts replays. A batch has a number of `members` and
    says why it `closed`; each of those names it as its `batch` and follows it. It may be `half_of` a batch
    that was refused. A `test` was asked for by a person. `receiver` is what the last answer says of itself,
    in LeadSquared's form; it decides nothing.
    """

    id: str
    message: str
    status: str
    state: str
    entity_type: str
    entity_id: str
    action: str
    event_type: str
    event_id: str
    event_source: str
    place: str
    revision: str
    accepted: str
    updated: str
    due: str
    next: str | None
    attempts: int
    code: int | None
    error: str | None
    reason: str
    url: str | None
    kind: str
    round: int
    batch: str | None
    members: int | None
    closed: str | None
    half_of: str | None
    test: bool
    transmitted: str | None
    took: float | None
    receiver: Verdict | None


def read_row(columns: Sequence[Any]) -> Row:
    """A row from the values of `COLUMNS`."""
    values = dict(zip(_NAMES, columns, strict=True))
    status, reason = values.pop("verdict"), values.pop("verdict_reason")
    values["receiver"] = Verdict(status, reason) if status else None
    for name in ("accepted", "updated", "due", "next", "transmitted"):
        values[name] = None if values[name] is None else timestamp(values[name])
    values["test"] = bool(values["test"])
    return Row(**values)


Rests: TypeAlias = Mapping[str, tuple[int, str]]
"""The endpoints that make no calls for a time: until when (Unix milliseconds), and why."""


def behind(row: Row, switches: Switches, rests: Rests) -> Row:
    """The row as switches and rests leave it: an open delivery of an endpoint that makes no calls is held."""
    if row.status != Status.IN_QUEUE or row.state == State.IN_FLIGHT or row.test or row.kind == "notice":
        return row
    endpoint = endpoint_name(row.entity_type, row.entity_id, row.action)
    switch = switches.holding(endpoint)
    if switch is None:
        return row if endpoint not in rests else _resting(row, *rests[endpoint])
    return structs.replace(row, state=State.HELD, reason=switch.why, next=None)


def _resting(row: Row, until: int, why: str) -> Row:
    """Unless it waits for longer anyway."""
    end = timestamp(until)
    if row.next is not None and row.next > end:
        return row
    return structs.replace(row, state=State.HELD, reason=f"no calls until {end}: {why}", next=end)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which deliveries to list; everything given must hold. Times are Unix milliseconds of the acceptance.

    `code` is an HTTP status or, from 1 to 5, a whole class of them. `event_type` may be a glob (`Lead_*`),
    `id` is the beginning of delivery ids, `url` a part of where the last request went. What went into a batch
    is listed only when its id, its event, its message or its `batch` is asked for, and notices only with
    `notices`, their `kind` or their id. `undelivered` is what has ended without Success.
    """

    status: Status | None = None
    state: str | None = None
    entity_type: str | None = None
    entity_id: str | None = None
    event_type: str | None = None
    event_id: str | None = None
    event_source: str | None = None
    message: str | None = None
    error: str | None = None
    code: int | None = None
    since: int | None = None
    until: int | None = None
    kind: str | None = None
    batch: str | None = None
    notices: bool = False
    id: str | None = None
    url: str | None = None
    test: bool | None = None
    open: bool | None = None
    undelivered: bool | None = None

    def condition(self) -> tuple[str, list[object]]:
        """An SQL condition with its values."""
        wanted: list[tuple[str, object]] = [
            *((f"{name} = ?", getattr(self, name)) for name in _EQUAL),
            ("event_type GLOB ?", _glob(self.event_type)),
            ("id GLOB ?", _glob(self.id and f"{self.id}*")),
            ("instr(url, ?) > 0", self.url),
            ("+accepted >= ?", self.since),  # the +: in the order of the list, not of this index
            ("+accepted < ?", self.until),
            ("code = ?" if (self.code or 0) >= 10 else "code / 100 = ?", self.code),
            ("test = ?", self.test),
            ("(status = 'In Queue') = ?", self.open),
            ("(status IN ('Failure', 'Cancelled', 'Skipped')) = ?", self.undelivered),
        ]
        given = [(part, value) for part, value in wanted if value is not None]
        parts = [*(part for part, _ in given), *self._hidden()]
        return " AND ".join(parts) or "1", [value for _, value in given]

    def _hidden(self) -> list[str]:
        """What is left out unless it is asked for."""
        hidden: list[str] = []
        if not (self.notices or self.kind or self.id):
            hidden.append("kind != 'notice'")
        if not (self.event_id or self.message or self.batch or self.id):
            hidden.append("batch IS NULL")
        return hidden


_EQUAL = (
    "status",
    "state",
    "entity_type",
    "entity_id",
    "event_id",
    "event_source",
    "message",
    "error",
    "kind",
    "batch",
)


def _glob(pattern: str | None) -> str | None:
    """An SQL pattern in which `*` alone is special."""
    return None if pattern is None else re.sub(r"[\[?]", r"[\g<0>]", pattern)
