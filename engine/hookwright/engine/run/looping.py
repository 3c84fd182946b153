"""Loops: the same steps for every item of a list, so many items at one time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from msgspec.structs import replace

from hookwright.rules.errors import ExpressionError
from hookwright.rules.event import JSON
from hookwright.rules.expression.values import kind
from hookwright.rules.steps import Assign, Loop, Step, flat

from .ending import Ending, Failed, Stopped, ending_of
from .frame import Frame
from .limits import MOST_ITEMS
from .notes import Notes, written_at
from .record import LIMIT, StepError, StepRecord

Through: TypeAlias = Callable[[tuple[Step, ...], Frame], Ending]
"""Takes steps one after the other, as far as they go."""


def loop(notes: Notes, step: Step, what: Loop, frame: Frame, through: Through) -> Ending:
    """Take the steps for the items, in their order, `parallel` of them at one time."""
    record = notes.of_step(step, frame)
    if record is not None and record.is_terminal and (record.input is None or not _leaves_something(what)):
        return ending_of(record)
    items = _items(notes, step, what, frame)
    if isinstance(items, Failed):
        return items
    if record is None:
        if not notes.is_taking:
            return "paused"
        asked: JSON = {"count": len(items)}
        notes.make(frame, (what.items.evaluate_in,))
        record = notes.add(replace(notes.blank(step, frame, "started"), input=asked))
    rounds = _Rounds(what, frame, items)
    ending = _look_again(notes, record, rounds, through) if record.is_terminal else rounds.take(through)
    if isinstance(ending, Stopped) or ending == "paused":
        return ending
    rounds.leave()
    return ending if record.is_terminal else ending_of(_end(notes, record, ending, len(items)))


def _leaves_something(what: Loop) -> bool:
    """Whether later steps see anything of those inside."""
    return any(inner.id or isinstance(inner.what, Assign) for inner in flat(what.steps))


def _items(notes: Notes, step: Step, what: Loop, frame: Frame) -> list[JSON] | Failed:
    """The list: computed anew in each walk, from what was there when the loop began."""
    try:
        items = what.items.evaluate_in(frame.scope)
    except ExpressionError as error:
        notes.make(frame, (what.items.evaluate_in,), str(error))
        return _fail(notes, step, frame, StepError(kind="expression", reason=str(error)))
    if not isinstance(items, list):
        no_list = f"it must be a list, not {kind(items)}"
        return _fail(notes, step, frame, StepError(kind="expression", reason=no_list))
    if len(items) > MOST_ITEMS:
        many = f"the list has {len(items):,} items, a loop takes at most {MOST_ITEMS:,}"
        return _fail(notes, step, frame, StepError(kind=LIMIT, reason=many))
    return items


def _fail(notes: Notes, step: Step, frame: Frame, error: StepError) -> Failed:
    """A loop without a list; it has no `input`."""
    if notes.is_taking:
        notes.add(replace(notes.blank(step, frame, "failed"), error=error))
    return Failed(frame.at(step.path), error, written_at(step))


def _end(notes: Notes, record: StepRecord, ending: Ending, count: int) -> StepRecord:
    """The record of a loop that came to its end."""
    if not notes.is_taking:
        return record
    if isinstance(ending, Failed):
        error = StepError(kind=ending.error.kind, reason=ending.reason)
        return notes.add(replace(record, state="failed", at=notes.now, error=error))
    return notes.add(replace(record, state="ended", at=notes.now, output={"count": count}))


def _look_again(notes: Notes, record: StepRecord, rounds: _Rounds, through: Through) -> Ending:
    """Find what a loop left that came to its end before; nothing in it goes on."""
    mode, notes.mode = notes.mode, "passing"
    try:
        rounds.take(through)
    finally:
        notes.mode = mode
    return ending_of(record)


@dataclass(slots=True)
class _Rounds:
    """The frames of the items that were begun, in their order."""

    what: Loop
    around: Frame
    items: list[JSON]
    inner: list[Frame] = field(default_factory=list)

    def take(self, through: Through) -> Ending:
        """Go on with each item, until there are as many at one time as may be."""
        going_on = 0
        for number, item in enumerate(self.items):
            frame = self.around.inside(number, self.what.name, item)
            if self.what.parallel == 1 and self.inner:
                frame.variables = {**self.inner[-1].variables, self.what.name: item}
            self.inner.append(frame)
            ending = through(self.what.steps, frame)
            if ending == "paused":
                going_on += 1
                if going_on == self.what.parallel:
                    break
            elif ending != "on":
                return ending
        return "paused" if going_on else "on"

    def leave(self) -> None:
        """Outside, the result of a step is the list of its results, null for an item it was not done for.

        What the items set remains where they come one after the other.
        """
        missing = [None] * (len(self.items) - len(self.inner))
        for step in flat(self.what.steps):
            if step.id:
                self.around.steps[step.id] = [*(frame.steps.get(step.id) for frame in self.inner), *missing]
        if self.what.parallel == 1 and self.inner:
            left = {name: value for name, value in self.inner[-1].variables.items() if name != self.what.name}
            self.around.variables.update(left)
