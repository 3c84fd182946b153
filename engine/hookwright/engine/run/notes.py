"""The `Notes` of one walk: what is recorded, what is new, what is ordered, and when to come back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from msgspec.structs import replace

from hookwright.rules.steps import Step

from .ending import Ending, ending_of
from .frame import Frame
from .limits import MOST_KEPT_TOGETHER, MOST_STEPS, OverrunError
from .made import Made, Part
from .record import StepError, StepRecord, StepState
from .run import Order, Run, size_of
from .trigger import Trigger

Mode = Literal["taking", "listening", "passing"]
"""A walk takes the steps that can be taken; or begins none, and only listens to events; or only looks."""


@dataclass(slots=True)
class Notes:
    """`records` are the last ones by path, `new` those this walk made. `wake` is when the next wait ends."""

    now: int
    records: dict[str, StepRecord]
    kept: int
    trigger: Trigger
    events: tuple[Trigger, ...] = ()
    mode: Mode = "taking"
    new: list[StepRecord] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    wake: int | None = None
    made: list[Made] = field(default_factory=list)
    _gone: set[tuple[str, str]] | None = None

    @classmethod
    def of(cls, run: Run, now: int, events: Iterable[Trigger], mode: Mode = "taking") -> Notes:
        """Those of a walk that begins."""
        return cls(now, dict(run.records), run.kept, run.trigger, tuple(events), mode)

    @property
    def is_taking(self) -> bool:
        return self.mode == "taking"

    def of_step(self, step: Step, frame: Frame) -> StepRecord | None:
        """The last record of a step; None when it has not begun."""
        return self.records.get(frame.at(step.path))

    def add(self, record: StepRecord) -> StepRecord:
        """Note what is to be recorded. Raises `OverrunError` for more than a run may be."""
        if record.path not in self.records and len(self.records) >= MOST_STEPS:
            raise OverrunError(f"a run takes at most {MOST_STEPS:,} steps")
        self.records[record.path] = record
        self.new.append(record)
        self.kept += size_of(record.output)
        self.check_room()
        return record

    def check_room(self) -> None:
        """Raises `OverrunError` when the steps have left more than they may."""
        if self.kept > MOST_KEPT_TOGETHER:
            raise OverrunError(f"the steps of a run leave at most {MOST_KEPT_TOGETHER >> 20} MiB together")

    @property
    def gone(self) -> set[tuple[str, str]]:
        """Source and id of the events that no wait may take any more: each ends one wait of a run."""
        if self._gone is None:
            self._gone = {(self.trigger.source, self.trigger.id), *_taken(self.records.values())}
        return self._gone

    def blank(self, step: Step, frame: Frame, state: StepState) -> StepRecord:
        """A record that says no more of a step than that it got into this state."""
        return StepRecord(path=frame.at(step.path), state=state, at=self.now, place=written_at(step))

    def make(self, frame: Frame, parts: tuple[Part, ...], reason: str = "") -> None:
        """Note what was computed, or why it could not be."""
        if parts:
            self.made.append(Made(parts, frame.kept_scope, reason))

    def fail(self, step: Step, frame: Frame, kind: str, reason: str) -> Ending:
        """The step failed."""
        error = StepError(kind=kind, reason=reason)
        return ending_of(self.add(replace(self.blank(step, frame, "failed"), error=error)))

    def come_back(self, until: int | None) -> None:
        """Something goes on at `until`."""
        if until is not None and (self.wake is None or until < self.wake):
            self.wake = until


def written_at(step: Step) -> str:
    """The YAML line of a step: `hooks/crm.yaml:14`, or "" where that is not known."""
    return f"{step.place.file}:{step.place.line}" if step.place.file else ""


def _taken(records: Iterable[StepRecord]) -> Iterator[tuple[str, str]]:
    """Source and id of the events that ended waits."""
    for record in records:
        output = record.output
        if isinstance(output, dict) and "timed_out" in output and isinstance(event := output["event"], dict):
            yield str(event["source"]), str(event["id"])
