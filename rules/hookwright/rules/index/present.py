"""Index by presence: a pattern that needs some leaf at a field is only looked at when the event has one.

It serves the patterns without an exact value to go by (prefixes, ranges, `exists: true` and so on).
"""

from __future__ import annotations

from collections.abc import Iterable

from ..pattern.syntax import Field
from .leaves import Leaves
from .paths import PathNode


def present_keys(field: Field) -> frozenset[tuple[str, ...]] | None:
    """The path of a field that must have a leaf; None where absence will do."""
    return None if field.absent else frozenset({field.path})


class PresentIndex:
    """Patterns (by number) under the fields that give them a chance."""

    __slots__ = ("_table",)

    def __init__(self, covers: Iterable[tuple[int, frozenset[tuple[str, ...]]]], top: PathNode) -> None:
        self._table: dict[PathNode, list[int]] = {}
        for number, paths in covers:
            for path in paths:
                self._table.setdefault(top.add(path), []).append(number)

    def candidates(self, leaves: Leaves) -> set[int]:
        """The patterns with a needed field among these leaves."""
        found: set[int] = set()
        for place in leaves.found.keys() & self._table.keys():
            found.update(self._table[place])
        return found
