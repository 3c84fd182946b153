"""Automations: what is wrong with the steps of a run, and with what they say of each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hookwright.schemas.nearest import did_you_mean
from hookwright.schemas.problem import Problem
from hookwright.schemas.wording import show, some

from .beginning import beginning_problems
from .bundle import Entry, Part, twice
from .computed import SCOPE, computed, conditions
from .doing import KINDS as DONE
from .event import JSON
from .expression.fields import members
from .expression.template import is_template
from .expressions import expression_problems, template_problems, texts_in
from .namespace import Namespace
from .pattern import Pattern, read_pattern
from .times import time_problems

KINDS = ("wait", "wait_for", "if", "choose", "for_each", "post", "notify", "lapp", "emit", "set", "stop")
"""What a step can do, one of them each."""

FAILURE: Final = "failure"
"""The variable in which `on_failure` finds what failed: `vars.failure.reason`."""

_BESIDE = frozenset({"id", "on_error"})
_ALONE = frozenset({"single", "restart"})  # modes with one run a key


def automation_problems(entry: Entry, names: Namespace) -> Iterator[Problem]:
    """All that is wrong with an automation beyond its shape, and beyond what every subscriber has."""
    steps = tuple(entry.steps())
    yield from beginning_problems(entry.part)
    yield from expression_problems(entry.part, "key")
    yield from template_problems(entry.part, "vars", SCOPE)
    yield from _mode(entry.part)
    yield from twice(steps, "id", "HW146", "duplicate step")
    for step in steps:
        yield from _kind(step)
        yield from _name(step)
        yield from time_problems(step)
        for part, key in conditions(step):
            yield from expression_problems(part, key, SCOPE)
        awaited = step.part("wait_for")
        if awaited:
            yield from names.event_problems(awaited, "event")
            yield from _pattern(awaited)
    yield from _Run.of(entry, steps).problems()


def _mode(part: Part) -> Iterator[Problem]:
    mode = part.value.get("mode", "single")
    if isinstance(mode, str) and mode in _ALONE and "max" in part.value:
        hint = "it goes with `mode: queued` and `mode: parallel`"
        yield part.problem("HW023", f'"max" means nothing with `mode: {mode}`', "max", hint=hint, key=True)


def _name(step: Part) -> Iterator[Problem]:
    """An id that would be taken for the position of a step, and a retry of what is not done elsewhere."""
    name = step.value.get("id")
    if isinstance(name, str) and name.isdigit():
        message = f"{show(name)} is a number, which steps without an id are recorded under"
        yield step.problem("HW171", message, "id", hint=f"write a word, such as step-{name}")
    kind = next((key for key in step.value if key in KINDS), None)
    if step.value.get("on_error") == "retry" and kind is not None and kind not in DONE:
        message = f'"on_error: retry" means nothing with "{kind}"'
        hint = f"it goes with: {', '.join(DONE)}"
        yield step.problem("HW023", message, "on_error", hint=hint, key=True)


def _kind(step: Part) -> Iterator[Problem]:
    """A step does exactly one thing; where a key is unknown, that is what is wrong with it."""
    found = [key for key in step.value if key in KINDS]
    for other in found[1:]:
        message = f'"{other}" and "{found[0]}" exclude each other'
        yield step.problem("HW023", message, other, hint="a step does one thing: write two steps", key=True)
    if not found and step.value.keys() <= _BESIDE and step.value:
        yield step.problem("HW023", "the step does nothing", hint=f"add one of: {', '.join(KINDS)}")


@dataclass(frozen=True, slots=True)
class _Run:
    """The steps of an automation, and the names its expressions and templates can use."""

    entry: Entry
    steps: Sequence[Part]
    known: tuple[tuple[str, str, frozenset[str]], ...]  # name in scope, what it holds, those there are

    @classmethod
    def of(cls, entry: Entry, steps: Sequence[Part]) -> _Run:
        ids = frozenset(name for step in steps if isinstance(name := step.value.get("id"), str))
        given = [entry.part.part("vars"), *(step.part("set") for step in steps)]
        values = {name for part in given if part for name in part.value}
        loops = [loop for step in steps if (loop := step.part("for_each"))]
        values |= {name for loop in loops if isinstance(name := loop.value.get("as"), str)}
        return cls(entry, steps, (("steps", "step", ids), ("vars", "variable", frozenset(values))))

    def problems(self) -> Iterator[Problem]:
        """Steps and variables that are asked for and are nowhere in the automation."""
        for part, path, tree in computed(self.entry, self.steps):
            for owner, what, there in self.known:
                for name in dict.fromkeys(members(tree, owner)):
                    if name not in there and not _is_failure(part, owner, name):
                        hint = did_you_mean(name, sorted(there)) or _all(there, what)
                        yield part.problem("HW149", f"unknown {what} {show(name)}", *path, hint=hint)


def _is_failure(part: Part, owner: str, name: str) -> bool:
    """Whether it is what `on_failure` is told of the failure."""
    return owner == "vars" and name == FAILURE and "on_failure" in part.path


def _all(there: frozenset[str], what: str) -> str:
    return f"there are: {some(sorted(there))}" if there else f"no {what} has a name here"


def _pattern(awaited: Part) -> Iterator[Problem]:
    """What is wrong with `match`, but for what is only known when its templates are filled in."""
    pattern = awaited.value.get("match")
    read = read_pattern(pattern) if isinstance(pattern, dict) else ()
    for error in () if isinstance(read, Pattern) else read:
        if not any(is_template(text) for _, text in texts_in(_at(pattern, error.path), ())):
            path = ("match", *error.path)
            yield awaited.problem("HW103", error.message, *path, hint=error.hint, key=error.key)


def _at(tree: JSON, path: Sequence[str | int]) -> JSON:
    """What stands at `path`; None when nothing does."""
    for step in path:
        if isinstance(tree, dict) and isinstance(step, str):
            tree = tree.get(step)
        elif isinstance(tree, list) and isinstance(step, int) and 0 <= step < len(tree):
            tree = tree[step]
        else:
            return None
    return tree
