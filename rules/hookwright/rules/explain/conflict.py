"""Conditions that hold one by one and not together, because no element of a list meets them all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ..pattern.syntax import All, AnyOf, Field, Node, Not
from .choices import meets
from .clause import Conflict, Element, Expected
from .leaves import Leaves, way_text

MOST_ELEMENTS = 8
MOST_CONDITIONS = 20
_NOBODY: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Conflicts:
    """Looks for the list to name. `says` puts a condition into words."""

    leaves: Leaves
    says: Callable[[Node], Expected]

    def of(self, conjunction: All) -> Conflict | None:
        """The list of whose elements none meets all conditions on it: the outermost one, and the fullest."""
        conditions = tuple(_flat(conjunction))[:MOST_CONDITIONS]
        placed = [_Placed(part, self.leaves) for part in conditions]
        found: list[tuple[int, int, Conflict]] = []
        for number, (way, length) in self.leaves.lists.items():
            touching = [at for at, each in enumerate(placed) if number in each.touched]
            if len(touching) < 2 or not length:
                continue
            met = [
                frozenset(at for at in touching if placed[at].met(number, position))
                for position in range(length)
            ]
            best = max(map(len, met))
            if best < len(touching):
                conflict = self._told(way_text(way), [conditions[at] for at in touching], touching, met)
                found.append((self._depth(number), -len(_NOBODY.union(*met)), conflict))
        return min(found, key=lambda each: each[:2])[2] if found else None

    def _depth(self, number: int) -> int:
        way, depth = self.leaves.lists[number][0], 0
        while way is not None:
            way, depth = way.above, depth + 1
        return depth

    def _told(
        self, path: str, conditions: Sequence[Node], touching: Sequence[int], met: Sequence[frozenset[int]]
    ) -> Conflict:
        """The elements that meet the most first, in their order."""
        order = sorted(range(len(met)), key=lambda position: -len(met[position]))[:MOST_ELEMENTS]
        elements = tuple(
            Element(
                f"{path}[{position}]",
                tuple(number for number, at in enumerate(touching) if at in met[position]),
                tuple(number for number, at in enumerate(touching) if at not in met[position]),
            )
            for position in order
        )
        return Conflict(path, tuple(map(self.says, conditions)), elements, len(met) - len(order))


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
