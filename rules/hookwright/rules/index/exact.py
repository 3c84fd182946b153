"""Index by exact value: a pattern that names the values a field may have is only looked at when one is there.

Two dictionary look-ups a leaf, place then value, find every such pattern, however many there are.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TypeAlias

from ..pattern.operators import Exact, exact_key
from ..pattern.syntax import Field
from .leaves import Leaves
from .paths import PathNode

ExactKey: TypeAlias = tuple[tuple[str, ...], Hashable]
"""A path and the stand-in for a value there, see `exact_key`."""


def exact_keys(field: Field) -> frozenset[ExactKey] | None:
    """(path, value) for each alternative of a field that has only exact values; None otherwise."""
    values = [test.value for test in field.tests if isinstance(test, Exact)]
    if field.absent or len(values) < len(field.tests):
        return None
    return frozenset((field.path, exact_key(value)) for value in values)


class ExactIndex:
    """Patterns (by number) under the exact values that give them a chance."""

    __slots__ = ("_tables",)

    def __init__(self, covers: Iterable[tuple[int, frozenset[ExactKey]]], top: PathNode) -> None:
        self._tables: dict[PathNode, dict[Hashable, list[int]]] = {}
        for number, keys in covers:
            for path, value in keys:
                table = self._tables.setdefault(top.add(path), {})
                table.setdefault(value, []).append(number)

    def candidates(self, leaves: Leaves) -> set[int]:
        """The patterns with an exact value in these leaves."""
        found: set[int] = set()
        for place, values in leaves.found.items():
            table = self._tables.get(place)
            if table is not None:
                for value in values:
                    found.update(table.get(exact_key(value), ()))
        return found
