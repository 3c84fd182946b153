"""What an event must have for a pattern to have a chance: the ground every index stands on.

A *cover* of a pattern is a set of keys of which a matching event has at least one. Any one part of a
conjunction covers it, so the rarest is taken; a disjunction needs the covers of all its branches together;
`$not` has none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeVar

from ..pattern.syntax import All, AnyOf, Field, Node

Key = TypeVar("Key", bound=Hashable)


def popularity(patterns: Iterable[Node], keys: Callable[[Field], frozenset[Key] | None]) -> Counter[Key]:
    """How many fields of all patterns each key stands in."""
    return Counter(key for pattern in patterns for field in _fields(pattern) for key in keys(field) or ())


def cover(
    pattern: Node, keys: Callable[[Field], frozenset[Key] | None], popular: Counter[Key]
) -> frozenset[Key] | None:
    """The cover that the fewest patterns share, or None where `keys` gives none. Never empty."""
    if isinstance(pattern, Field):
        return keys(pattern) or None
    if isinstance(pattern, AnyOf):
        branches = [cover(branch, keys, popular) for branch in pattern.branches]
        known = [branch for branch in branches if branch is not None]
        return frozenset[Key]().union(*known) if known and len(known) == len(branches) else None
    if isinstance(pattern, All):
        parts = [found for part in pattern.parts if (found := cover(part, keys, popular)) is not None]
        return min(parts, key=lambda part: sum(popular[key] for key in part), default=None)
    return None


def _fields(pattern: Node) -> Iterator[Field]:
    if isinstance(pattern, Field):
        yield pattern
    elif isinstance(pattern, All | AnyOf):
        for below in pattern.parts if isinstance(pattern, All) else pattern.branches:
            yield from _fields(below)
