"""One delivery as a row of the history, and the filter that picks rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import Struct

from .delivery import Status
from .instant import timestamp

COLUMNS = (
    "id, message, status, state, entity_type, entity_id, action, event_type, event_id, event_source, place, "
    "revision, accepted, updated, due, next, attempts, code, error, reason, url, "
    "kind, round, batch, members, closed, test"
)


class Row(Struct, frozen=True, kw_only=True, rename="camel"):
    """One delivery in a list. In JSON the names are `entityType`, `eventId` and so on.

    `status` is one of the five words, `state` the inner state. Times are RFC 3339 text; `next` is when an
    open delivery is tried next, if that is known. `attempts` counts spent tries. `code` is the last HTTP
    status, `error` the last error class, `url` where the last request went. `place` is the YAML line that
    asked for the delivery. `kind` is what opened it: event, batch, notice or replay; `round` counts replays.
    A batch has a number of `members` and says why it `closed`; each of those names it as its `batch` and
    follows it. A `test` was asked for by a person.
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
    test: bool


def read_row(columns: Sequence[Any]) -> Row:
    """A row from the values of `COLUMNS`."""
    values = dict(zip(Row.__struct_fields__, columns, strict=True))
    for name in ("accepted", "updated", "due", "next"):
        values[name] = None if values[name] is None else timestamp(values[name])
    values["test"] = bool(values["test"])
    return Row(**values)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which deliveries to list; everything given must hold. Times are Unix milliseconds of the acceptance.

    `code` is an HTTP status or, from 1 to 5, a whole class of them. What went into a batch is listed only
    when its event, its message or its `batch` is asked for, and notices only with `notices` or `kind`.
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

    def condition(self) -> tuple[str, list[object]]:
        """An SQL condition with its values."""
        parts: list[str] = []
        values: list[object] = []
        for name in _EQUAL:
            wanted = getattr(self, name)
            if wanted is not None:
                parts.append(f"{name} = ?")
                values.append(wanted)
        for part, bound in (("accepted >= ?", self.since), ("accepted < ?", self.until)):
            if bound is not None:
                parts.append(part)
                values.append(bound)
        if self.code is not None:
            parts.append("code / 100 = ?" if self.code < 10 else "code = ?")
            values.append(self.code)
        if not (self.notices or self.kind):
            parts.append("kind != 'notice'")
        if not (self.event_id or self.message or self.batch):
            parts.append("batch IS NULL")
        return " AND ".join(parts) or "1", values


_EQUAL = (
    "status",
    "state",
    "entity_type",
    "entity_id",
    "event_type",
    "event_id",
    "event_source",
    "message",
    "error",
    "kind",
    "batch",
)
