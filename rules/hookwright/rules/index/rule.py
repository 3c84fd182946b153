"""One pattern made ready to be asked: its tree with tests bound to places.

Where at most one condition of the pattern stands below list elements, no two conditions can disagree about
an element, and the tree is evaluated as plain and, or, not over the leaves found: one look at each leaf. In
other events that evaluation, with every "absent" below a list granted, still refuses most; `elements` decides
the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..pattern.operators import Exact, Scalar, Test, exact_key
from ..pattern.syntax import AnyOf, Field, Node, Not
from . import elements
from .leaves import Leaves
from .parts import Condition, Every, Never, Part, Some
from .paths import PathNode

_NOTHING: frozenset[PathNode] = frozenset()


class Rule:
    """A pattern over the places of `top`."""

    __slots__ = ("_places", "_root")

    def __init__(self, pattern: Node, top: PathNode) -> None:
        self._root = _bind(pattern, top)
        self._places = tuple(_places(self._root))

    def matches(self, leaves: Leaves) -> bool:
        nested = leaves.nested
        if not nested or sum(place in nested for place in self._places) < 2:
            return self._root.true_of(leaves, _NOTHING)
        return self._root.true_of(leaves, nested) and elements.consistent(self._root, leaves)


def _bind(node: Node, top: PathNode) -> Part:
    if isinstance(node, Field):
        return Condition(top.add(node.path), _joined(node.tests), node.absent)
    if isinstance(node, Not):
        return Never(Rule(node.part, top))
    if isinstance(node, AnyOf):
        return Some(tuple(_bind(branch, top) for branch in node.branches))
    return Every(tuple(_bind(part, top) for part in node.parts))


def _places(part: Part) -> Iterator[PathNode]:
    """The place of each condition, once for each; a rule under `Never` picks elements for itself."""
    if isinstance(part, Condition):
        yield part.place
    elif isinstance(part, Every):
        for each in part.parts:
            yield from _places(each)
    elif isinstance(part, Some):
        for each in part.branches:
            yield from _places(each)


def _joined(tests: tuple[Test, ...]) -> Callable[[Scalar], bool]:
    """One test that holds where any of `tests` does; exact values are looked up together."""
    keys = frozenset(exact_key(test.value) for test in tests if isinstance(test, Exact))
    others = tuple(test.holds for test in tests if not isinstance(test, Exact))
    if not others:
        return lambda value: exact_key(value) in keys
    if not keys and len(others) == 1:
        return others[0]
    return lambda value: exact_key(value) in keys or any(holds(value) for holds in others)
