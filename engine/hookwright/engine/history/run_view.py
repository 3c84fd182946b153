"""Runs of automations as readers see them: a row each, and the trace of one with all its steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Raw, Struct

from ..delivery import Status
from ..instant import milliseconds, timestamp
from ..journal.acceptance import Accepted
from ..journal.line import Line
from ..journal.reader import read_at
from ..journal.runs import RunLine, StepLine
from ..journal.segment import Position
from .index_view import Rows

Query = Callable[[str, Sequence[object]], Rows]


class RunRow(Struct, frozen=True, kw_only=True, rename="camel"):
    """One run. Times are RFC 3339. An open one that has not `begun` waits for its turn, or for its time."""

    id: str
    entity_id: str
    status: Status
    reason: str
    event_id: str
    event_source: str
    event_type: str
    place: str = msgspec.field(name="from")
    revision: str
    key: str
    begun: bool
    accepted: str
    updated: str
    due: str


class StepTrace(Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of a step: its last state, when it began and ended, what went in and came out.

    `until` is how long a waiting one waits at most. `error` is (class, reason); `seen` is (source, id) of the
    event a wait ended with. `delivery` is the call it made last, `round` how often it was taken once more.
    """

    path: str
    state: str
    began: str
    ended: str | None
    place: str = msgspec.field(name="from")
    until: str | None = None
    input: Raw | None = None
    output: Raw | None = None
    error: tuple[str, str] | None = None
    round: int = 0
    delivery: str = ""
    seen: tuple[str, str] | None = None

    @property
    def took(self) -> int | None:
        """Milliseconds from its beginning to its end; None while it goes on."""
        return None if self.ended is None else milliseconds(self.ended) - milliseconds(self.began)


class Trace(Struct, frozen=True, kw_only=True):
    """A run with its steps, in the order in which they began, and the data of its event."""

    run: RunRow
    data: Raw
    steps: tuple[StepTrace, ...]


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs. Times are Unix milliseconds of the acceptance; `open` means those that have not ended.

    `event_type` may be a glob (`Lead_*`).
    """

    status: Status | None = None
    automation: str | None = None
    event_id: str | None = None
    event_type: str | None = None
    since: int | None = None
    until: int | None = None
    open: bool = False

    def condition(self) -> tuple[str, list[object]]:
        """As SQL, with its values."""
        asked = {
            "status = ?": None if self.status is None else self.status.value,
            "status IS ?": Status.IN_QUEUE.value if self.open else None,
            "entity_id = ?": self.automation,
            "event_id = ?": self.event_id,
            "event_type GLOB ?": self.event_type,
            "accepted >= ?": self.since,
            "accepted < ?": self.until,
        }
        kept = {sql: value for sql, value in asked.items() if value is not None}
        return " AND ".join(kept) or "1", list(kept.values())


@dataclass(frozen=True, slots=True)
class Runs:
    """Asks the index by `query` and the journal in `folder`. Methods raise what `query` raises."""

    query: Query
    folder: Path

    def list(self, wanted: RunFilter, limit: int = 50, before: str | None = None) -> list[RunRow]:
        """The newest runs that fit, newest first. `before` is the id of the last one already seen."""
        where, values = wanted.condition()
        if before is not None:
            where += " AND number < (SELECT number FROM runs WHERE id = ?)"
            values = [*values, before]
        sql = f"SELECT {_COLUMNS} FROM runs WHERE {where} ORDER BY number DESC LIMIT ?"  # noqa: S608  # fixed names
        return [_row(each) for each in self.query(sql, [*values, limit])]

    def find(self, beginning: str, limit: int) -> Sequence[RunRow]:
        """The runs whose ids begin so."""
        sql = f"SELECT {_COLUMNS} FROM runs WHERE id >= ? AND id < ? ORDER BY id LIMIT ?"  # noqa: S608  # fixed names
        return [_row(each) for each in self.query(sql, [beginning, f"{beginning}~", limit])]

    def show(self, identifier: str) -> Trace | None:
        """A run with its steps, as far as its lines can be read; None when there is no such run."""
        sql = f"SELECT {_COLUMNS}, number, segment, offset FROM runs WHERE id = ?"  # noqa: S608  # fixed names
        found = self.query(sql, [identifier])
        if not found:
            return None
        *row, number, segment, offset = found[0]
        names: dict[int, str] = dict(self.query("SELECT id, name FROM segments", []))
        places = self.query(_PLACES, [number])
        lines = [line for place in places if (line := self._line(names, *place))]
        return Trace(
            run=_row(row), data=_data(self._line(names, segment, offset)), steps=tuple(_steps(lines))
        )

    def _line(self, names: dict[int, str], segment: int, offset: int) -> Line | None:
        name = names.get(segment)
        return None if name is None else read_at(self.folder, Position(name, offset))


_COLUMNS = (
    "id, entity_id, status, reason, event_id, event_source, event_type, place, revision, key,"
    " begun, accepted, updated, due"
)
_PLACES = "SELECT segment, offset FROM run_lines WHERE run = ? ORDER BY segment, offset"


def _row(values: Iterable[Any]) -> RunRow:
    *texts, begun, accepted, updated, due = values
    names = RunRow.__struct_fields__[: len(texts)]
    fields: dict[str, Any] = dict(zip(names, texts, strict=True))
    fields["status"] = Status(fields["status"])
    times: dict[str, Any] = {
        "accepted": timestamp(accepted),
        "updated": timestamp(updated),
        "due": timestamp(due),
    }
    return RunRow(**fields, begun=bool(begun), **times)


def _data(line: Line | None) -> Raw:
    """The data of the event that began a run; of one begun by the clock what its own line says."""
    none = Raw(b"null")
    try:
        if line is not None and line.kind == "accepted":
            return Raw(line.decode(Accepted).event.raw) or none
        if line is not None and line.kind == "run":
            said = line.decode(RunLine).trigger.data
            return said if isinstance(said, Raw) else none
    except msgspec.ValidationError:
        pass
    return none


def _steps(lines: Iterable[Line]) -> Iterator[StepTrace]:
    """Every step with what its lines say of it, the later ones over the earlier."""
    said: dict[tuple[str, int], list[StepLine]] = {}
    for line in lines:
        if line.kind != "step":
            continue
        try:
            step = line.decode(StepLine)
        except msgspec.ValidationError:
            continue
        said.setdefault((step.path, step.round), []).append(step)
    yield from (_step(each) for each in said.values())


def _step(lines: Sequence[StepLine]) -> StepTrace:
    first, last = lines[0], lines[-1]
    given = next((each.input for each in lines if isinstance(each.input, Raw)), None)
    return StepTrace(
        path=last.path,
        state=last.state,
        began=first.step_at,
        ended=last.step_at if last.state in {"ended", "failed"} else None,
        place=last.place or first.place,
        until=last.until or next((each.until for each in lines if each.until), None),
        input=given,
        output=last.output if isinstance(last.output, Raw) else None,
        error=last.error,
        round=last.round,
        delivery=last.delivery or first.delivery,
        seen=last.seen,
    )
