"""What steps leave for later ones, and what is wrong with asking them for something else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

from hookwright.schemas.nearest import did_you_mean
from hookwright.schemas.problem import Problem
from hookwright.schemas.wording import show, some

from ..bundle import Entry, Part
from ..computed import Computed
from ..expression.fields import ways
from .expressions import offset_of
from .flow import Flow

Shape: TypeAlias = "Mapping[str, Shape] | None"
"""The fields of a result and theirs; None for what may be anything."""

_ERROR: Final[Mapping[str, Shape]] = {"class": {}, "reason": {}}
_EVENT: Final[Mapping[str, Shape]] = {
    "id": {},
    "source": {},
    "type": {},
    "time": {},
    "subject": {},
    "data": None,
}
_ANSWER: Final[Mapping[str, Shape]] = {"status": {}, "headers": None, "body": None, "truncated": {}}
_CALL: Final[Mapping[str, Shape]] = {"status": {}, "attempts": {}, "response": _ANSWER}
RESULTS: Final[Mapping[str, Mapping[str, Shape]]] = MappingProxyType(
    {
        "wait": {},
        "wait_for": {"timed_out": {}, "event": _EVENT, "truncated": {}},
        "if": {"branch": {}},
        "choose": {"branch": {}},
        "for_each": {"count": {}},
        "post": _CALL,
        "lapp": {"status": {}, "attempts": {}, "result": None},
        "emit": {"status": {}, "attempts": {}, "event": None},
        "notify": {"told": None},
        "stop": {"reason": {}},
    }
)
"""What a step of a kind leaves, and `error` beside it."""


@dataclass(frozen=True, slots=True)
class Results:
    """What the steps of an automation leave, and where they have run by then."""

    entry: Entry
    steps: Sequence[Part]
    flow: Flow

    def problems(self, texts: Iterable[Computed]) -> Iterator[Problem]:
        """What is asked of steps that have not run by then, or that leave no such thing."""
        shapes = {name: _shape(step) for step in self.steps if isinstance(name := step.value.get("id"), str)}
        for part, path, tree in texts:
            told: set[str] = set()
            for way in sorted(ways(tree, "steps"), key=len, reverse=True):
                problem = None if way[0] in told else self._problem(part, path, way, shapes.get(way[0]))
                if problem is not None:
                    told.add(way[0])
                    yield problem

    def _problem(
        self, part: Part, path: tuple[str | int, ...], way: tuple[str, ...], shape: Shape
    ) -> Problem | None:
        if shape is None:  # which is told elsewhere
            return None
        at = (*part.path, *path)[len(self.entry.part.path) :]
        text = str(part.value_at(*path))
        name = way[0]
        if not self.flow.may_see(at, name):
            message = f"the step {show(name)} has not run by then, so there is no result"
            hint = "ask for it behind that step, in the same branch"
            offset = offset_of(text, name)
            return part.problem("HW170", message, *path, hint=hint, severity="warning", offset=offset)
        if len(way) > 1 and self.flow.lists_around(at, name):
            message = f"steps.{name} is a list here: a result for each item of the loop it is in"
            hint = f"take one, as in steps.{name}[0].{way[1]}"
            return part.problem("HW169", message, *path, hint=hint, offset=offset_of(text, way[1]))
        fault = _fault(way, shape)
        if fault is None:
            return None
        depth, message, hint = fault
        return part.problem("HW169", message, *path, hint=hint, offset=offset_of(text, way[depth]))


def _fault(way: tuple[str, ...], shape: Shape) -> tuple[int, str, str] | None:
    """The step of a way that goes wrong, what to say, and what is right."""
    here = shape
    for depth, name in enumerate(way[1:], 1):
        if here is None:
            return None
        if name not in here:
            before = ".".join(("steps", *way[:depth]))
            there = sorted(here)
            hint = did_you_mean(name, there) or (
                f"there are: {some(there)}" if there else f"ask for {before}"
            )
            return depth, f"{before} has no {show(name)}", hint
        here = here[name]
    return None


def _shape(step: Part) -> Shape:
    """What a step leaves."""
    assigned = step.part("set")
    if assigned is not None:
        return {**dict.fromkeys(assigned.value), "error": _ERROR}
    kind = next((key for key in RESULTS if key in step.value), None)
    return None if kind is None else {**RESULTS[kind], "error": _ERROR}
