"""Ranges of numbers, asked all at once which of them hold a number.

All bounds, sorted, cut the numbers into pieces: each bound by itself, and what lies between two. The pieces
are the leaves of a binary tree, and each range is noted at the few nodes that together cover just its pieces.
The ranges that hold a number are those on the way from its piece to the root: as many steps as the logarithm
of the number of bounds, however many ranges there are.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import Generic, TypeVar

from ..pattern.numbers import Number
from ..pattern.operators import Numeric

Item = TypeVar("Item")


class Ranges(Generic[Item]):
    """Items, each under a range."""

    __slots__ = ("_bounds", "_nodes")

    def __init__(self, items: Iterable[tuple[Numeric, Item]]) -> None:
        items = list(items)
        bounds = {bound for numeric, _ in items for bound in (numeric.lower, numeric.upper)}
        self._bounds: list[Number] = sorted(bound for bound in bounds if bound is not None)
        pieces = 2 * len(self._bounds) + 1
        self._nodes: list[list[Item]] = [[] for _ in range(2 * pieces)]
        for numeric, item in items:
            self._note(*self._pieces_of(numeric), item)

    def holding(self, numbers: Iterable[float]) -> list[Item]:
        """The items whose range holds any of `numbers`. An item may come more than once."""
        found: list[Item] = []
        nodes = self._nodes
        half = len(nodes) // 2
        for piece in {self._piece(number) for number in numbers if number == number}:  # noqa: PLR0124 - nan is nowhere
            node = half + piece
            while node:
                if nodes[node]:
                    found += nodes[node]
                node >>= 1
        return found

    def _piece(self, number: Number) -> int:
        """2 n + 1 for the bound number n itself, 2 n for what lies before it."""
        bounds = self._bounds
        position = bisect_left(bounds, number)
        return 2 * position + (position < len(bounds) and bounds[position] == number)

    def _pieces_of(self, numeric: Numeric) -> tuple[int, int]:
        """The first piece of a range, and the first one after it."""
        first = 0 if numeric.lower is None else self._piece(numeric.lower) + (not numeric.lower_included)
        if numeric.upper is None:
            return first, 2 * len(self._bounds) + 1
        return first, self._piece(numeric.upper) + numeric.upper_included

    def _note(self, first: int, end: int, item: Item) -> None:
        half = len(self._nodes) // 2
        first, end = first + half, end + half
        while first < end:
            if first & 1:
                self._nodes[first].append(item)
                first += 1
            if end & 1:
                end -= 1
                self._nodes[end].append(item)
            first, end = first >> 1, end >> 1
