"""What a pattern could leave out and match the very same events: seldom meant, often a slip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ..errors import Steps
from ..pattern.operators import AnythingBut, Exact, Test
from ..pattern.report import shown
from ..pattern.syntax import All, AnyOf, Field, Node, Not
from .entailment import below, conjuncts, entails, field_entails, speaks_of_absence
from .finding import NEEDLESS, Finding
from .implication import implies
from .written import alternatives, resolve

_WIDEST: Final = 64  # alternatives other than plain values that each alternative is compared with


def needless(root: Node, written: Mapping[str, Any], *, related: bool = True) -> Iterator[Finding]:
    """Alternatives, branches and conditions that others make needless. `written` is the pattern itself.

    Branches and conditions are compared if `related`. Where a pattern speaks of absence, a needless one may
    still choose the list element that has to lack a field; so there nothing is said of them.
    """
    yield from _alone(root, written, related=related)


def _alone(root: Node, written: Mapping[str, Any], *, related: bool) -> Iterator[Finding]:
    """For what is judged by itself: a whole pattern, or what stands in a `$not`."""
    whole = related and not speaks_of_absence(root)
    work = [root]
    while work:
        node = work.pop()
        if isinstance(node, Field):
            yield from _alternatives(node, written)
        elif isinstance(node, Not):
            yield from _alone(node.part, written, related=related)
        else:
            if whole:
                yield from _branches(node) if isinstance(node, AnyOf) else _conditions(node)
            work.extend(reversed(below(node)))


def _alternatives(field: Field, written: Mapping[str, Any]) -> Iterator[Finding]:
    wide_ones = [test for test in field.tests if not isinstance(test, Exact)]
    if len(field.tests) < 2 or not (wide_ones or len(set(field.tests)) < len(field.tests)):
        return
    first: dict[Test, Steps] = {}
    placed = list(alternatives(field, written))
    wide = [(at, test) for at, test in placed if not isinstance(test, Exact)][:_WIDEST]
    for at, test in placed:
        before = first.setdefault(test, at)
        if before is not at:
            message = f"{_named(at, written)} stands here twice"
            yield _needless(message, at, before, "the first one")
            continue
        wider = None if isinstance(test, AnythingBut) else _wider(at, test, wide)
        if wider is not None:
            message = f"{_named(at, written)} is needless: {_named(wider, written)} takes it, too"
            yield _needless(message, at, wider, "the wider one")


def _wider(at: Steps, test: Test, wide: Sequence[tuple[Steps, Test]]) -> Steps | None:
    """Where a test stands that takes all this one takes; of two that take the same, the first."""
    for place, other in wide:
        before = place[-1] < at[-1]  # type: ignore[operator]  # positions in one list
        if other != test and implies(test, other) and (before or not implies(other, test)):
            return place
    return None


def _branches(node: AnyOf) -> Iterator[Finding]:
    """Branches whose every event another branch takes; of two that say the same, the second."""
    for index, branch in enumerate(node.branches):
        for number, other in enumerate(node.branches):
            if number == index or not entails(branch, other):
                continue
            if number < index or not entails(other, branch):
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
