"""Whether one part of a pattern entails another, and what a part says free of how it is written.

A part entails another when every choice of list elements that makes the one true makes the other true. That
holds for conditions on leaves only: whether a field is absent also depends on which elements the conditions
beside it choose. So nothing is said to entail a part that speaks of absence.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator

from ..pattern.syntax import All, AnyOf, Field, Node, Not
from .implication import implies

_MOST = 64  # alternatives of a list that are looked at one by one


def entails(narrow: Node, wide: Node) -> bool:
    """Whether `wide` certainly holds, alone or beside `narrow`, wherever `narrow` does."""
    return not speaks_of_absence(wide) and Entailment().asked(narrow, wide)


def together_entail(parts: Iterable[Node], wide: Node) -> bool:
    """Whether `wide` certainly holds where all of `parts` do."""
    return entails(All(tuple(parts)), wide)


def speaks_of_absence(node: Node) -> bool:
    """Whether it holds for some lack of a field. What stands in a `$not` is judged apart."""
    if isinstance(node, Field):
        return node.absent
    return not isinstance(node, Not) and any(speaks_of_absence(each) for each in below(node))


def below(node: All | AnyOf) -> tuple[Node, ...]:
    """The parts or branches."""
    return node.parts if isinstance(node, All) else node.branches


def conjuncts(node: Node) -> Iterator[Node]:
    """What must hold for `node` to, taken apart as far as it goes."""
    if isinstance(node, All):
        for part in node.parts:
            yield from conjuncts(part)
    else:
        yield node


def field_entails(narrow: Field, wide: Field) -> bool:
    """The same for two fields, read as conditions on one leaf."""
    if narrow.path != wide.path or (narrow.absent and not wide.absent):
        return False
    if max(len(narrow.tests), len(wide.tests)) > _MOST:
        return set(narrow.tests) <= set(wide.tests)
    return all(any(implies(test, other) for other in wide.tests) for test in narrow.tests)


def weight(node: Node) -> int:
    """How much there is to compare in a pattern: its alternatives, as many of a list as are looked at."""
    if isinstance(node, Field):
        return max(1, min(len(node.tests), _MOST))
    return weight(node.part) if isinstance(node, Not) else sum(weight(each) for each in below(node))


def normal(node: Node) -> Hashable:
    """Equal for patterns that differ only in order, brackets, dots and spelling of numbers."""
    if isinstance(node, Field):
        return node.path, frozenset(node.tests), node.absent
    if isinstance(node, Not):
        return "$not", normal(node.part)
    if isinstance(node, AnyOf):
        return "$or", frozenset(normal(branch) for branch in node.branches)
    parts = frozenset(normal(part) for part in conjuncts(node))
    return next(iter(parts)) if len(parts) == 1 else ("$and", parts)


class Entailment:
    """Asks of parts without absence, and remembers: what is nested in `$and` and `$or` meets on many ways."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], bool] = {}

    def asked(self, narrow: Node, wide: Node) -> bool:
        """Whether `wide` follows from `narrow`. Both must outlive this, since they are known by identity."""
        key = id(narrow), id(wide)
        if key not in self._known:
            self._known[key] = self._found(narrow, wide)
        return self._known[key]

    def _found(self, narrow: Node, wide: Node) -> bool:
        if isinstance(wide, All):
            return all(self.asked(narrow, part) for part in wide.parts)
        if isinstance(narrow, AnyOf):
            return all(self.asked(branch, wide) for branch in narrow.branches)
        if isinstance(wide, AnyOf) and any(self.asked(narrow, branch) for branch in wide.branches):
            return True
        if isinstance(narrow, All):
            return any(self.asked(part, wide) for part in narrow.parts)
        return self._alone(narrow, wide)

    def _alone(self, narrow: Node, wide: Node) -> bool:
        """For what consists of no parts."""
        if isinstance(narrow, Not):
            refused = narrow.part
            return isinstance(wide, Not) and not speaks_of_absence(refused) and self.asked(wide.part, refused)
        return isinstance(narrow, Field) and isinstance(wide, Field) and field_entails(narrow, wide)
