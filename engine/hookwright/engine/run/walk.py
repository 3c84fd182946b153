"""The walk over the steps of a run, from the top: past what ended, into what goes on, up to what waits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

from msgspec.structs import replace

from hookwright.rules.condition import is_true
from hookwright.rules.errors import ExpressionError
from hookwright.rules.event import JSON
from hookwright.rules.expression import fill
from hookwright.rules.steps import Assign, Automation, Choice, Do, Loop, Step, Stop, Wait, WaitFor

from .calling import carry_on
from .ending import Ending, Failed, Stopped, ending_of
from .frame import Frame, result_of
from .limits import MOST_KEPT, is_too_large
from .looping import loop
from .made import fillings
from .notes import Notes
from .record import LIMIT
from .waiting import wait, wait_for

VARIABLES: Final = "vars"
"""The path of the values an automation gives its variables at first."""


@dataclass(frozen=True, slots=True)
class Walk:
    """One walk, which takes its `notes`."""

    notes: Notes

    def whole(self, automation: Automation, frame: Frame) -> Ending:
        """All of a run: the values of its variables, then its steps."""
        self.notes.check_room()
        first = Step(VARIABLES, Assign(automation.values), automation.place)
        ending = self._one(first, frame) if automation.values else "on"
        return self.through(automation.steps, frame) if ending == "on" else ending

    def through(self, steps: tuple[Step, ...], frame: Frame) -> Ending:
        """One step after the other, as far as they go."""
        for step in steps:
            ending = self._one(step, frame)
            record = self.notes.of_step(step, frame) if step.id else None
            if record is not None and record.is_terminal:
                frame.steps[step.id] = result_of(record)
            if ending != "on" and not (isinstance(ending, Failed) and step.on_error == "continue"):
                return ending
        return "on"

    def _one(self, step: Step, frame: Frame) -> Ending:
        ending: Ending
        match step.what:
            case Wait() as what:
                ending = wait(self.notes, step, what, frame)
            case WaitFor() as what:
                ending = wait_for(self.notes, step, what, frame)
            case Choice() as what:
                ending = self._choice(step, what, frame)
            case Loop() as what:
                ending = loop(self.notes, step, what, frame, self.through)
            case Do() as what:
                ending = carry_on(self.notes, step, what, frame)
            case Assign() as what:
                ending = self._assign(step, what, frame)
            case Stop() as what:
                ending = self._stop(step, what, frame)
        return ending

    def _choice(self, step: Step, what: Choice, frame: Frame) -> Ending:
        """Decide once, and go on in the branch that was taken; the decision ends when it is made."""
        record = self.notes.of_step(step, frame)
        if record is None:
            if not self.notes.is_taking:
                return "paused"
            try:
                taken = _branch(what, frame)
            except ExpressionError as error:
                self.notes.make(
                    frame, tuple(partial(is_true, each.when) for each in what.branches), str(error)
                )
                return self.notes.fail(step, frame, "expression", str(error))
            ended = self.notes.blank(step, frame, "ended")
            record = self.notes.add(replace(ended, output={"branch": taken}))
        if record.state == "failed" or not isinstance(record.output, dict):
            return ending_of(record)
        number = record.output["branch"]
        steps = what.branches[number].steps if isinstance(number, int) else what.otherwise
        return self.through(steps, frame)

    def _assign(self, step: Step, what: Assign, frame: Frame) -> Ending:
        record = self.notes.of_step(step, frame)
        if record is None:
            if not self.notes.is_taking:
                return "paused"
            parts = fillings(dict(what.values))
            try:
                values = fill(dict(what.values), frame.scope)
            except ExpressionError as error:
                self.notes.make(frame, parts, str(error))
                return self.notes.fail(step, frame, "template", str(error))
            if is_too_large(values):
                return self.notes.fail(step, frame, LIMIT, f"the values take more than {MOST_KEPT >> 10} KiB")
            self.notes.make(frame, parts)
            record = self.notes.add(replace(self.notes.blank(step, frame, "ended"), output=values))
        if isinstance(record.output, dict) and record.state == "ended":
            frame.variables.update(record.output)
        return ending_of(record)

    def _stop(self, step: Step, what: Stop, frame: Frame) -> Ending:
        if self.notes.of_step(step, frame) is None:
            if not self.notes.is_taking:
                return "paused"
            reason: JSON = {"reason": what.reason}
            self.notes.add(replace(self.notes.blank(step, frame, "ended"), output=reason))
        return Stopped(what.reason)


def _branch(what: Choice, frame: Frame) -> int | None:
    """The number of the first branch whose condition is true; None where none is."""
    for number, branch in enumerate(what.branches):
        try:
            if is_true(branch.when, frame.scope):
                return number
        except ExpressionError as error:
            which = f"branch {number + 1}: " if len(what.branches) > 1 else ""
            raise ExpressionError(f"{which}{error}") from None
    return None
