"""Conditions that hold one by one and not together, because no element of a list meets them all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..pattern.syntax import All, AnyOf, Field, Node, Not
from .choices import meets
from .clause import Conflict, Element, Expected
from .leaves import Leaves, Way, way_text

MOST_ELEMENTS = 8
MOST_CONDITIONS = 20


@dataclass(frozen=True, slots=True)
class Conflicts:
    """Looks for the list to name. `says` puts a condition into words."""

    leaves: Leaves
    says: Callable[[Node], Expected]

    def of(self, conjunction: All) -> Conflict | None:
        """The list of whose elements none meets all conditions on it: the outermost one, and the fullest."""
        conditions = tuple(_flat(conjunction))[:MOST_CONDITIONS]
        placed = [_Placed(part, self.leaves) for part in conditions]
        found = min(filter(None, (self._apart(number, placed) for number in self.leaves.lists)), default=None)
        if found is None:
            return None
        touching = _touching(found.number, placed)
        return self._told(found.number, [conditions[at] for at in touching], [placed[at] for at in touching])

    def _apart(self, number: int, placed: Sequence[_Placed]) -> _Candidate | None:
        """The list, when several conditions speak of it and no element meets them all."""
        way, length = self.leaves.lists[number]
        touching = _touching(number, placed)
        met = [{at for at in touching if placed[at].met(number, each)} for each in range(length)]
        if len(touching) < 2 or max(map(len, met), default=0) == len(touching):
            return None
        return _Candidate(_depth(way), -len(set[int]().union(*met)), number)

    def _told(self, number: int, conditions: Sequence[Node], placed: Sequence[_Placed]) -> Conflict:
        """The elements that meet the most first, else in their order."""
        way, length = self.leaves.lists[number]
        met = [[each.met(number, position) for each in placed] for position in range(length)]
        order = sorted(range(length), key=lambda position: -sum(met[position]))[:MOST_ELEMENTS]
        elements = [
            Element(
                path=way_text(Way(way, position)),
                meets=tuple(at for at, held in enumerate(met[position]) if held),
                misses=tuple(at for at, held in enumerate(met[position]) if not held),
            )
            for position in order
        ]
        said = tuple(map(self.says, conditions))
        return Conflict(way_text(way), said, tuple(elements), length - len(order))


class _Candidate(NamedTuple):
    """A list to name; the least is the best: near the root, then with the most conditions met somewhere."""

    depth: int
    unmet: int
    number: int


def _touching(number: int, placed: Sequence[_Placed]) -> list[int]:
    """The conditions that have to do with the elements of a list."""
    return [at for at, each in enumerate(placed) if number in each.touched]


def _depth(way: Way | None) -> int:
    depth = 0
    while way is not None:
        way, depth = way.above, depth + 1
    return depth


class _Placed:
    """One condition with the list elements that have to do with it."""

    def __init__(self, part: Node, leaves: Leaves) -> None:
        self._part = part
        self._has: dict[tuple[str, ...], set[tuple[int, int]]] = {}
        self._meets: dict[int, set[tuple[int, int]]] = {}
        self.touched: set[int] = set()
        for condition in _fields(part):
            has = self._has.setdefault(condition.path, set())
            for leaf in leaves.at(condition.path):
                pairs = leaf.choice.items()
                has.update(pairs)
                self.touched.update(leaf.choice)
                if meets(condition, leaf.value):
                    self._meets.setdefault(id(condition), set()).update(pairs)

    def met(self, number: int, position: int) -> bool:
        """Whether this element by itself meets the condition."""
        return self._holds(self._part, (number, position))

    def _holds(self, part: Node, element: tuple[int, int]) -> bool:
        if isinstance(part, Field):
            lacks = part.absent and element not in self._has[part.path]
            return lacks or element in self._meets.get(id(part), ())
        if isinstance(part, AnyOf):
            return any(self._holds(each, element) for each in part.branches)
        return isinstance(part, Not) or all(self._holds(each, element) for each in part.parts)


def _flat(conjunction: All) -> Iterator[Node]:
    """The conditions that must hold together, `$and` inside `$and` taken apart. `$not` chooses for itself."""
    for part in conjunction.parts:
        if isinstance(part, All):
            yield from _flat(part)
        elif not isinstance(part, Not):
            yield part


def _fields(part: Node) -> Iterator[Field]:
    if isinstance(part, Field):
        yield part
    elif not isinstance(part, Not):
        for each in part.branches if isinstance(part, AnyOf) else part.parts:
            yield from _fields(each)
