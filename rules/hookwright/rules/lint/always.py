"""Conditions that take more than they seem to: every value of a field, or every event."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ..pattern.operators import AnythingBut, Exact, Present, Test
from ..pattern.syntax import All, AnyOf, Field, Node, Not
from .entailment import below, entails
from .finding import TOO_MUCH, Finding
from .implication import implies

_APART = 'refuse all in one list, {"anything-but": [...]}, or use "$and"'
_EITHER = "remove the field, or one of the two"
_WIDEST: Final = 64  # tests other than plain values, and branches, that are compared with each other
_ONE_BRANCH = 'remove one of them, or use "$and"'


def too_much(node: Node) -> Iterator[Finding]:
    """What matches by mistake in a pattern, anywhere in it."""
    if isinstance(node, Field):
        yield from _field(node)
    elif isinstance(node, Not):
        yield from too_much(node.part)
    else:
        if isinstance(node, AnyOf):
            yield from _branches(node)
        for each in below(node):
            yield from too_much(each)


def always(node: Node) -> bool:
    """Whether every event certainly matches."""
    if isinstance(node, Field):
        return node.absent and takes_every_value(node.tests)
    if isinstance(node, All):
        return all(always(part) for part in node.parts)
    if isinstance(node, AnyOf):
        united = any(field.absent for field in _united(node))
        return united or any(always(branch) for branch in node.branches) or bool(_complement(node))
    return False


def takes_every_value(tests: Sequence[Test]) -> bool:
    """Whether every leaf certainly passes one of `tests`."""
    return any(isinstance(test, Present) for test in tests) or _refusing_nothing(tests) is not None


def _refusing_nothing(tests: Sequence[Test]) -> AnythingBut | None:
    """The `anything-but` whose every refusal another test takes back."""
    values = {test for test in tests if isinstance(test, Exact)}
    wide = [test for test in tests if not isinstance(test, Exact)][:_WIDEST]
    for test in wide:
        if isinstance(test, AnythingBut):
            others = [other for other in wide if other is not test]
            if all(each in values or any(implies(each, other) for other in others) for each in test.refused):
                return test
    return None


def _field(field: Field) -> Iterator[Finding]:
    refusals = {test for test in field.tests if isinstance(test, AnythingBut)}
    taken_back = _refusing_nothing(field.tests)
    if len(refusals) > 1:
        message = 'two "anything-but" in one list: what only one of them refuses, the other takes'
        yield Finding(TOO_MUCH, message, field.at, _APART)
    elif taken_back and len(field.tests) > len(refusals):
        yield Finding(TOO_MUCH, _beside(taken_back), field.at, "remove one of the two")
    if field.absent and any(isinstance(test, Present) for test in field.tests):
        message = '"exists" with true and with false in one list matches every event'
        yield Finding(TOO_MUCH, message, field.at, _EITHER)


def _beside(refusing: AnythingBut) -> str:
    if len(refusing.refused) == 1 and isinstance(refusing.refused[0], Exact):
        return 'a value stands beside the "anything-but" that refuses it, so every value matches'
    return 'what the "anything-but" refuses is taken by others in the list, so every value matches'


def _branches(node: AnyOf) -> Iterator[Finding]:
    """Branches that between them take every value of a field, or every event."""
    for field in _united(node):
        whole = "every value of" if not field.absent else "every event, with and without"
        message = f'the branches of "$or" between them take {whole} "{".".join(field.path)}"'
        yield Finding(TOO_MUCH, message, field.at, _ONE_BRANCH)
    refused = _complement(node)
    if refused:
        message = 'another branch takes what this "$not" refuses, so every event matches'
        yield Finding(TOO_MUCH, message, refused.at, "remove one of the two branches")


def _united(node: AnyOf) -> Iterator[Field]:
    """Branches that take every value of a field together, and none of them alone, each time as one field."""
    by_path: dict[tuple[str, ...], list[Field]] = {}
    for branch in node.branches:
        if isinstance(branch, Field):
            by_path.setdefault(branch.path, []).append(branch)
    for path, fields in by_path.items():
        tests = tuple(test for field in fields for test in field.tests)
        absent = any(field.absent for field in fields)
        alone = any(field.absent or not absent for field in fields if takes_every_value(field.tests))
        if not alone and takes_every_value(tests):
            yield Field(path, tests, absent, fields[-1].at)


def _complement(node: AnyOf) -> Not | None:
    """A branch that is true just where another one is not."""
    branches = node.branches[:_WIDEST]
    for branch in branches:
        others = (other for other in branches if other is not branch)
        if isinstance(branch, Not) and any(entails(branch.part, other) for other in others):
            return branch
    return None
