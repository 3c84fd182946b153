"""Conditions that no event meets together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

from ..pattern.syntax import AnyOf, Field, Node, Not
from .always import always
from .entailment import conjuncts, together_entail
from .finding import NEVER, Finding
from .implication import excludes

IsSingle: TypeAlias = Callable[[tuple[str, ...]], bool]

_MOST: Final = 4096  # pairs of alternatives that are compared
_BOTH: Final = "remove one of the two conditions"


def never(node: Node, is_single: IsSingle, around: Sequence[Node] = ()) -> Iterator[Finding]:
    """What can never hold, anywhere in a pattern; `around` are the conditions that must hold as well.

    `is_single` says of which fields an event certainly has one value at most. Of all others, a list of plain
    values may meet conditions that exclude each other.
    """
    parts = tuple(conjuncts(node))
    yield from _refused_around(parts, around)
    for index, part in enumerate(parts):
        others = (*around, *parts[:index], *parts[index + 1 :])
        if isinstance(part, Field):
            yield from _against_fields(part, (*around, *parts[:index]), is_single)
        elif isinstance(part, Not):
            yield from _refused(part, others)
            yield from never(part.part, is_single)
        elif isinstance(part, AnyOf):
            for branch in part.branches:
                yield from never(branch, is_single, others)


def _against_fields(field: Field, before: Sequence[Node], is_single: IsSingle) -> Iterator[Finding]:
    """The first of the conditions written before that this one contradicts."""
    name = ".".join(field.path)
    for other in before:
        if not isinstance(other, Field) or other.path != field.path:
            continue
        said = _presence(field, other)
        if said:
            message = f'"{name}" must be {said} elsewhere in the pattern, which nothing is'
            yield Finding(NEVER, message, field.at, _BOTH, other=other.at, role="the other condition")
            return
        if not (field.absent and other.absent) and is_single(field.path) and _exclude(field, other):
            message = f'"{name}" has one value, which cannot be both this and what another condition asks for'
            hint = 'write alternatives into one list, or use "$or"'
            yield Finding(NEVER, message, field.at, hint, other=other.at, role="the other condition")
            return


def _presence(field: Field, other: Field) -> str | None:
    """How two conditions contradict each other about a field being there at all."""
    if _only_absent(field) and not other.absent:
        return "absent here and present"
    return "present here and absent" if _only_absent(other) and not field.absent else None


def _only_absent(field: Field) -> bool:
    return field.absent and not field.tests


def _exclude(one: Field, other: Field) -> bool:
    if len(one.tests) * len(other.tests) > _MOST:
        return False
    return all(excludes(test, against) for test in one.tests for against in other.tests)


def _refused(part: Not, others: Sequence[Node]) -> Iterator[Finding]:
    """A `$not` that refuses all that is asked for beside it, or everything there is."""
    if always(part.part):
        yield Finding(NEVER, '"$not" refuses what every event is', part.at, 'remove the "$not"')
    elif together_entail(others, part.part):
        message = '"$not" refuses all that the conditions beside it ask for, so nothing matches'
        yield Finding(NEVER, message, part.at, _BOTH)


def _refused_around(parts: Sequence[Node], around: Sequence[Node]) -> Iterator[Finding]:
    """A branch that asks for what a `$not` around it refuses."""
    for each in around:
        if not isinstance(each, Not) or together_entail(around, each.part):
            continue
        if together_entail((*around, *parts), each.part):
            message = 'this branch asks for what a "$not" beside the "$or" refuses, so it never matches'
            yield Finding(
                NEVER, message, parts[0].at, "remove the branch", other=each.at, role="refused here"
            )
