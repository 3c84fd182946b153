"""One mistake, one problem: what follows from a problem that was told is not told again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from hookwright.schemas.problem import Problem
from hookwright.schemas.validate import LATER

_CUT = "HW025"  # YAML has read the rest of a text as a comment


def beyond(schema: Iterable[Problem], found: Iterable[Problem]) -> Iterator[Problem]:
    """What the schema has not said already of the very same value, but that it is not supported yet."""
    said = {
        (problem.place.file, problem.path)
        for problem in schema
        if problem.severity == "error" and problem.code != LATER
    }
    return (problem for problem in found if (problem.place.file, problem.path) not in said)


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """By place, each once: an alias shows the same mistake in many places, and it is still one."""
    once = {(each.code, each.place, each.message): each for each in _uncut(list(problems))}
    return sorted(once.values(), key=lambda each: (each.place.file, each.place.line, each.place.column))


def _uncut(problems: list[Problem]) -> Iterator[Problem]:
    """Where a text is wrong because a comment has cut it, that is what helps, and it is told once."""
    cut = {(each.place.file, each.path): each for each in problems if each.code == _CUT}
    broken = {(each.place.file, each.path) for each in problems if each.severity == "error"}
    for problem in problems:
        where = (problem.place.file, problem.path)
        found = cut.get(where)
        if problem.code == _CUT:
            yield from () if where in broken else (problem,)
        elif found and problem.severity == "error":
            yield replace(problem, hint=f"{found.message}; {found.hint}")
        else:
            yield problem
