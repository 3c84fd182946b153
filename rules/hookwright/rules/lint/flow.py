"""The ways runs can take through the steps of an automation: steps no run comes to, results not there yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hookwright.schemas.problem import Problem, Related
from hookwright.schemas.steps import At

from ..bundle import Part

_FIX = "remove it, or let what is before it go on"


@dataclass(slots=True)
class Flow:
    """`before` are the ids that may have a result where a step begins, by the way to the step.

    `loops` are the ways to the loops around the step with an id, the outermost first. `problems` are warnings
    about steps that no run comes to, the first of several in a row.
    """

    automation: Part
    before: dict[At, frozenset[str]] = field(default_factory=dict)
    loops: dict[str, tuple[At, ...]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @classmethod
    def of(cls, automation: Part) -> Flow:
        """That of an automation, of any shape."""
        flow = cls(automation)
        flow._list(("steps",), frozenset(), ())
        return flow

    def _list(self, at: At, ids: frozenset[str], loops: tuple[At, ...]) -> tuple[frozenset[str], bool]:
        """The ids that may have results behind a list of steps, and whether it always stops the run."""
        items = self.automation.value_at(*at)
        stopping: At | None = None
        for index in range(len(items) if isinstance(items, list) else 0):
            here = (*at, index)
            step = self.automation.part(*here)
            if step is None:
                continue
            if stopping is not None:
                self._unreachable(here, "the step before it always ends the run", stopping)
                return ids, True
            ids, stops = self._step(here, step, ids, loops)
            stopping = here if stops else None
        return ids, stopping is not None

    def _step(
        self, at: At, step: Part, ids: frozenset[str], loops: tuple[At, ...]
    ) -> tuple[frozenset[str], bool]:
        self.before[at] = ids
        inside, stops = self._inside(at, step.value, ids, loops)
        name = step.value.get("id")
        if isinstance(name, str):
            self.loops[name] = loops
            inside |= {name}
        return inside, stops

    def _inside(
        self, at: At, step: Mapping[str, object], ids: frozenset[str], loops: tuple[At, ...]
    ) -> tuple[frozenset[str], bool]:
        if "stop" in step:
            return ids, True
        if "if" in step:
            return self._if(at, step, ids, loops)
        if "choose" in step:
            return self._choose(at, step, ids, loops)
        if "for_each" in step:
            after, _ = self._list((*at, "for_each", "do"), ids, (*loops, at))
            return after, False
        return ids, False

    def _if(
        self, at: At, step: Mapping[str, object], ids: frozenset[str], loops: tuple[At, ...]
    ) -> tuple[frozenset[str], bool]:
        asked = step.get("if")
        then, then_stops = self._list((*at, "then"), ids, loops)
        other, other_stops = self._list((*at, "else"), ids, loops)
        for key, missed in (("then", asked is False), ("else", asked is True)):
            if missed and step.get(key):
                self._unreachable((*at, key, 0), f"`if` is always {str(asked).lower()}", at)
        if isinstance(asked, bool):
            return then | other, then_stops if asked else other_stops
        return then | other, then_stops and other_stops

    def _choose(
        self, at: At, step: Mapping[str, object], ids: frozenset[str], loops: tuple[At, ...]
    ) -> tuple[frozenset[str], bool]:
        branches = step["choose"]
        after, all_stop, certain = ids, True, False
        for index, branch in enumerate(branches if isinstance(branches, list) else ()):
            if not isinstance(branch, dict):
                continue
            here = (*at, "choose", index)
            found, stops = self._list((*here, "do"), ids, loops)
            after |= found
            if certain or branch.get("when") is False:
                said = "a branch before it is always taken" if certain else "its `when` is always false"
                self._unreachable((*here, "do", 0), said, here)
                continue
            all_stop = all_stop and stops
            certain = branch.get("when") is True
        return after, all_stop and certain

    def _unreachable(self, at: At, why: str, other: At) -> None:
        related = (Related(self.automation.place(*other), "because of this"),)
        message = f"no run comes to this step: {why}"
        self.problems.append(
            self.automation.problem("HW167", message, *at, hint=_FIX, severity="warning", related=related)
        )

    def may_see(self, at: At, name: str) -> bool:
        """Whether the step with this id may have a result where something at `at` is computed."""
        for cut in range(len(at), 0, -1):
            if at[:cut] in self.before:
                return name in self.before[at[:cut]]
        return at[:1] != ("vars",)  # which is before all steps, as `on_failure` is behind them

    def lists_around(self, at: At, name: str) -> int:
        """How many lists, one in the other, the result of a step is in for what is computed at `at`."""
        loops = self.loops.get(name, ())
        return sum(at[: len(loop)] != loop for loop in loops)
