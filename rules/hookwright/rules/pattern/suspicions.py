"""Valid patterns that cannot mean what they say: they match everything by mistake, or nothing at all.

Reported as warnings, since a pattern may be written for an event that never comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import Steps
from .operators import AnythingBut, Exact, Present
from .syntax import All, AnyOf, Field, Node, Not, Pattern


@dataclass(frozen=True, slots=True)
class PatternWarning:
    """What is suspicious, the keys that lead there inside the pattern, and what would be right."""

    message: str
    path: Steps
    hint: str


def pattern_warnings(pattern: Pattern) -> tuple[PatternWarning, ...]:
    """Everything suspicious in a valid pattern, in its order."""
    return tuple(_node(pattern.root))


def _node(node: Node) -> Iterator[PatternWarning]:
    if isinstance(node, Field):
        yield from _field(node)
    elif isinstance(node, Not):
        yield from _node(node.part)
    elif isinstance(node, AnyOf):
        for branch in node.branches:
            yield from _node(branch)
    else:
        for part in node.parts:
            yield from _node(part)
        yield from _contradictions(node)


def _field(field: Field) -> Iterator[PatternWarning]:
    tests = field.tests
    refusals = [test for test in tests if isinstance(test, AnythingBut)]
    if len(set(refusals)) > 1:
        message = 'two "anything-but" in one list: whatever one refuses the other takes'
        hint = 'refuse all in one list, {"anything-but": [...]}, or use "$and"'
        yield PatternWarning(message, field.at, hint)
    elif refusals and any(isinstance(test, Exact) and not refusals[0].holds(test.value) for test in tests):
        message = 'a value stands beside the "anything-but" that refuses it, so every value matches'
        yield PatternWarning(message, field.at, "remove one of the two")
    if field.absent and any(isinstance(test, Present) for test in field.tests):
        message = '"exists" with true and with false in one list matches every event'
        yield PatternWarning(message, field.at, "remove the field, or one of the two")


def _contradictions(conjunction: All) -> Iterator[PatternWarning]:
    """Fields that must be there and must not, read side by side."""
    fields = [part for part in conjunction.parts if isinstance(part, Field)]
    needed = {field.path for field in fields if not field.absent}
    for field in fields:
        if field.absent and not field.tests and field.path in needed:
            name = ".".join(field.path)
            message = f'"{name}" must be absent here and present elsewhere in the pattern, which nothing is'
            yield PatternWarning(message, field.at, "remove one of the two conditions")
