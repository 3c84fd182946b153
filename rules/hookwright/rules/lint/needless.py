"""What a pattern could leave out and match the very same events: seldom meant, often a slip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from ..errors import Steps
from ..pattern.operators import AnythingBut, Exact, Test
from ..pattern.report import shown
from ..pattern.syntax import All, AnyOf, Field, Node, Not
from .entailment import Entailment, below, conjuncts, field_entails, speaks_of_absence
from .finding import NEEDLESS, Finding
from .implication import implies
from .written import alternatives, resolve

_WIDEST: Final = 64  # alternatives other than plain values that each alternative is compared with


def needless(root: Node, written: Mapping[str, Any], *, related: bool = True) -> Iterator[Finding]:
    """Alternatives, branches and conditions that others make needless. `written` is the whole pattern.

    Branches and conditions are compared if `related`. Where a pattern speaks of absence, a needless one may
    still choose the list element that has to lack a field; so there nothing is said of them.
    """
    whole = related and not speaks_of_absence(root)
    work = [root]
    while work:
        node = work.pop()
        if isinstance(node, Field):
            yield from needless_alternatives(node, written)
        elif isinstance(node, Not):  # which is judged by itself
            yield from needless(node.part, written, related=related)
        else:
            if whole:
                yield from _branches(node) if isinstance(node, AnyOf) else _conditions(node)
            work.extend(reversed(below(node)))


def needless_alternatives(field: Field, written: Mapping[str, Any]) -> Iterator[Finding]:
    """Alternatives of one list that stand there twice, or that a wider one takes as well."""
    found = list(_covered(field.tests)) if len(field.tests) > 1 else []
    places = [at for at, _ in alternatives(field, written)] if found else []
    for index, other in found:
        at, wider = places[index], places[other]
        if field.tests[index] == field.tests[other]:
            yield _needless(f"{_named(at, written)} stands here twice", at, wider, "the first one")
        else:
            message = f"{_named(at, written)} is needless: {_named(wider, written)} takes it, too"
            yield _needless(message, at, wider, "the wider one")


def _covered(tests: Sequence[Test]) -> Iterator[tuple[int, int]]:
    """Each test that another one makes needless, with that one; of two that take the same, the second."""
    wide = [(index, test) for index, test in enumerate(tests) if not isinstance(test, Exact)][:_WIDEST]
    first: dict[Test, int] = {}
    for index, test in enumerate(tests):
        before = first.setdefault(test, index)
        if before != index:
            yield index, before
        elif not isinstance(test, AnythingBut):
            yield from islice(_wider(index, test, wide), 1)


def _wider(index: int, test: Test, wide: Sequence[tuple[int, Test]]) -> Iterator[tuple[int, int]]:
    for place, other in wide:
        if place != index and implies(test, other) and (place < index or not implies(other, test)):
            yield index, place


def _branches(node: AnyOf) -> Iterator[Finding]:
    """Branches without absence whose every event another one takes; of two that say the same, the second."""
    entailed = Entailment().asked
    for index, branch in enumerate(node.branches):
        for number, other in enumerate(node.branches):
            if number == index or not entailed(branch, other):
                continue
            if number < index or not entailed(other, branch):
                message = 'this branch of "$or" is needless: another one takes all it takes'
                where, wider = (*node.at, index), (*node.at, number)
                yield _needless(message, where, wider, "the wider branch")
                break


def _conditions(node: All) -> Iterator[Finding]:
    """Of two conditions on one field, the one that follows from the other; of equal ones, the second."""
    by_path: dict[tuple[str, ...], list[Field]] = {}
    for part in conjuncts(node):
        if isinstance(part, Field):
            by_path.setdefault(part.path, []).append(part)
    for path, fields in by_path.items():
        for index, field in enumerate(fields):
            for number, other in enumerate(fields):
                if number == index or not field_entails(other, field):
                    continue
                if number < index or not field_entails(field, other):
                    message = f'this condition on "{".".join(path)}" is needless: another one asks for more'
                    yield _needless(message, field.at, other.at, "the stricter one")
                    break


def _needless(message: str, at: Steps, other: Steps, role: str) -> Finding:
    return Finding(NEEDLESS, message, at, "remove it", other=other, role=role)


def _named(at: Steps, written: Mapping[str, Any]) -> str:
    """An alternative as short text."""
    item = resolve(written, at)
    if isinstance(item, Mapping) and len(item) == 1:
        ((name, operand),) = item.items()
        return f'{{"{name}": {shown(operand)}}}'
    return shown(item)
