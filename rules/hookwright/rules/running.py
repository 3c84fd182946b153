"""Automations as they are built: the steps of their runs, each with the path it is recorded under."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, cast

from hookwright.schemas.grammar import duration
from hookwright.schemas.problem import Place
from hookwright.schemas.steps import At

from .computed import SCOPE
from .doing import KINDS, Doer
from .event import JSON
from .expression import Expression
from .glob import is_glob
from .merge import Layer
from .model import Action
from .references import EventNames
from .step_paths import step_paths, step_place
from .steps import (
    Assign,
    Automation,
    Branch,
    Choice,
    Cron,
    Do,
    Loop,
    Mode,
    OnError,
    Overflow,
    Step,
    Stop,
    Wait,
    WaitFor,
    What,
)

_NOWHERE = Place("")
_UTC = "UTC"

OF_DELIVERIES: Final = frozenset({"batch", "order_by", "dedupe"})
"""What a subscriber says of deliveries that an event leads to at once: an automation has none."""


@dataclass(frozen=True, slots=True)
class Director:
    """Builds one automation from what is `written`; valid, that is."""

    written: Layer
    doer: Doer
    names: EventNames
    places: Mapping[str, Place]

    def automation(self) -> Automation:
        """What it does with an event."""
        said = self.written
        most = said.get("max")
        failing = cast("list[Layer]", said.get("on_failure") or [])
        return Automation(
            steps=self._steps(("steps",), step_paths(said)),
            key=Expression.parse(str(said["key"])) if "key" in said else None,
            mode=cast("Mode", said.get("mode", "single")),
            most=int(cast("float", most)) if most is not None else None,
            on_overflow=cast("Overflow", said.get("on_overflow", "drop_new")),
            values=_frozen(said.get("vars")),
            on_failure=tuple(
                action
                for index, each in enumerate(failing)
                for action in self.doer.actions_of(each, f"on_failure/{index}")
            ),
            cron=_cron(said.get("cron")),
            place=self.places.get(str(said["id"]), _NOWHERE),
        )

    def _steps(self, at: At, paths: Mapping[At, str]) -> tuple[Step, ...]:
        """The steps in the list that `at` leads to."""
        items = _at(self.written, at)
        return tuple(
            self._step((*at, index), step, paths)
            for index, step in enumerate(items if isinstance(items, list) else ())
            if isinstance(step, dict)
        )

    def _step(self, at: At, step: Layer, paths: Mapping[At, str]) -> Step:
        path = paths[at]
        return Step(
            path=path,
            what=self._what(at, step, paths),
            place=self.places.get(step_place(self.doer.id, path), _NOWHERE),
            id=str(step.get("id", "")),
            on_error=cast("OnError", step.get("on_error", "stop")),
        )

    def _what(self, at: At, step: Layer, paths: Mapping[At, str]) -> What:
        if "if" in step:
            then = Branch(_condition(step["if"]), self._steps((*at, "then"), paths))
            return Choice((then,), self._steps((*at, "else"), paths))
        if "choose" in step:
            branches = cast("list[Layer]", step["choose"])
            return Choice(
                tuple(
                    Branch(_condition(branch["when"]), self._steps((*at, "choose", index, "do"), paths))
                    for index, branch in enumerate(branches)
                )
            )
        if "for_each" in step:
            return self._loop(at, cast("Layer", step["for_each"]), paths)
        if any(kind in step for kind in KINDS):
            return Do(tuple(self._actions(step, paths[at])))
        return self._plain(step)

    def _loop(self, at: At, loop: Layer, paths: Mapping[At, str]) -> Loop:
        return Loop(
            items=Expression.parse(str(loop["in"]), SCOPE),
            name=str(loop["as"]),
            steps=self._steps((*at, "for_each", "do"), paths),
            parallel=int(cast("float", loop.get("parallel", 1))),
        )

    def _actions(self, step: Layer, path: str) -> Iterator[Action]:
        return self.doer.actions_of(step, path, named=False)

    def _plain(self, step: Layer) -> What:
        """What is neither done elsewhere nor has steps inside."""
        if "wait" in step:
            return Wait(duration(str(step["wait"])))
        if "wait_for" in step:
            return self._awaited(cast("Layer", step["wait_for"]))
        return Assign(_frozen(step["set"])) if "set" in step else Stop(str(step["stop"]))

    def _awaited(self, said: Layer) -> WaitFor:
        written = said["event"]
        names = [str(name) for name in (written if isinstance(written, list) else [written])]
        events = {kind for name in names for kind in self._types(name)}
        return WaitFor(
            events=tuple(sorted(events)),
            timeout=duration(str(said["timeout"])),
            globs=tuple(sorted({name for name in names if is_glob(name)})),
            match=_frozen(said["match"]) if "match" in said else None,
        )

    def _types(self, name: str) -> tuple[str, ...]:
        """The types a name selects; one that nobody knows stands for itself."""
        return self.names.resolve(name) or (() if is_glob(name) else (name,))


def _condition(written: JSON) -> Expression | bool:
    return written if isinstance(written, bool) else Expression.parse(str(written), SCOPE)


def _cron(written: JSON) -> Cron | None:
    if not isinstance(written, dict):
        return None
    missed = {"missed": written["missed"]} if "missed" in written else {}
    return Cron(str(written["at"]), str(written.get("timezone", _UTC)), **missed)  # type: ignore[arg-type]


def _frozen(written: JSON) -> Mapping[str, JSON]:
    return MappingProxyType(written if isinstance(written, dict) else {})


def _at(tree: JSON | Layer, at: At) -> JSON | Layer:
    """What stands there, in a tree that has it or has nothing there."""
    for part in at:
        if isinstance(tree, Mapping) and isinstance(part, str):
            tree = tree.get(part)
        elif isinstance(tree, list) and isinstance(part, int):
            tree = tree[part]
        else:
            return None
    return tree
