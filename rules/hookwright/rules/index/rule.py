"""One pattern made ready to be asked: its tree with tests bound to places.

Where at most one condition of the pattern stands below list elements, no two conditions can disagree about
an element, and the tree is evaluated as plain and, or, not over the leaves found: one look at each leaf. In
other events that evaluation, with every "absent" below a list granted, still refuses most; `elements` decides
the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import replace
from operator import is_

from ..pattern.syntax import AnyOf, Field, Node, Not
from . import elements
from .conditions import Conditions
from .parts import Condition, Every, Never, Part, Some
from .reading import Reading

_NOTHING: frozenset[int] = frozenset()


class Rule:
    """A pattern, under its id. `slots` are the places of its conditions, once for each condition."""

    __slots__ = ("id", "root", "slots")

    def __init__(self, id_: str, root: Part) -> None:
        self.id = id_
        self.root = root
        self.slots = tuple(_slots(root))

    def chooses(self, nested: Set[int]) -> bool:
        """Whether two conditions might disagree about an element of a list."""
        return sum(map(nested.__contains__, self.slots)) > 1

    def matches(self, reading: Reading) -> bool:
        """The answer for any event, however its lists lie."""
        if not self.chooses(reading.nested):
            return self.root.true_of(reading, _NOTHING)
        known = reading.decided.get(self)
        if known is None:
            known = reading.decided[self] = self._chosen(reading)
        return known

    def _chosen(self, reading: Reading) -> bool:
        return self.root.true_of(reading, reading.nested) and elements.consistent(
            _apart(self.root, set()), reading
        )


def bind(id_: str, node: Node, conditions: Conditions) -> Part:
    """The tree of a pattern over shared conditions."""
    if isinstance(node, Field):
        return conditions.of_field(node)
    if isinstance(node, Not):
        return Never(Rule(id_, bind(id_, node.part, conditions)))
    if isinstance(node, AnyOf):
        return Some(tuple([bind(id_, branch, conditions) for branch in node.branches]))
    return Every(tuple([bind(id_, part, conditions) for part in node.parts]))


def _apart(part: Part, taken: set[Condition]) -> Part:
    """The same tree with a condition for every mention of a field: each takes a leaf for itself."""
    if isinstance(part, Condition):
        if part in taken:
            return replace(part)
        taken.add(part)
        return part
    if isinstance(part, Never):
        return part
    below = part.parts if isinstance(part, Every) else part.branches
    apart = tuple([_apart(each, taken) for each in below])
    if all(map(is_, apart, below)):
        return part
    return Every(apart) if isinstance(part, Every) else Some(apart)


def _slots(part: Part) -> Iterator[int]:
    """The slot of each condition on data, once for each; a rule under `Never` picks elements for itself."""
    if isinstance(part, Condition):
        if part.place.parent is not None:  # an event's kinds are in no list
            yield part.slot
    elif isinstance(part, Every | Some):
        for each in part.parts if isinstance(part, Every) else part.branches:
            yield from _slots(each)
