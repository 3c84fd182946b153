"""Ranges of numbers, asked all at once which of them hold a number.

All bounds, sorted, cut the numbers into pieces: each bound by itself, and what lies between two. The pieces
are the leaves of a binary tree, and each range is noted at the few nodes that together cover just its pieces.
The ranges that hold a number are those on the way from its piece to the root: as many steps as the logarithm
of the number of bounds, however many ranges there are.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from itertools import repeat
from operator import ne
from typing import Final, Generic, TypeVar

from ..pattern.numbers import Number
from ..pattern.operators import Numeric

Item = TypeVar("Item")


_REMEMBERED: Final = 4096


class Ranges(Generic[Item]):
    """Items, each under a range. What was found for a piece is remembered, up to 4,096 items together."""

    __slots__ = ("_bounds", "_every_bound", "_nodes", "_remembered", "_room")

    def __init__(self, items: Iterable[tuple[Numeric, Item]]) -> None:
        items = list(items)
        bounds = {bound for numeric, _ in items for bound in (numeric.lower, numeric.upper)}
        self._every_bound = frozenset(bound for bound in bounds if bound is not None)
        self._bounds: list[Number] = sorted(self._every_bound)
        pieces = 2 * len(self._bounds) + 1
        self._nodes: list[list[Item]] = [[] for _ in range(2 * pieces)]
        self._remembered: dict[int, tuple[Item, ...]] = {}
        self._room = _REMEMBERED
        for numeric, item in items:
            self._note(*self._pieces_of(numeric), item)

    def holding(self, number: float) -> tuple[Item, ...]:
        """The items whose range holds `number`, each once."""
        if number != number:  # noqa: PLR0124 - not a number: in no range, and not to be sorted in
            return ()
        piece = self._piece(number)
        found = self._remembered.get(piece)
        return self._learn(piece) if found is None else found

    def holding_any(self, numbers: list[float]) -> set[Item]:
        """The items whose range holds any of `numbers`; the numbers of a long list share few pieces."""
        if self._every_bound.isdisjoint(numbers) and not any(map(ne, numbers, numbers)):  # nan is not itself
            pieces = {2 * position for position in map(bisect_left, repeat(self._bounds), numbers)}
        else:
            pieces = {self._piece(number) for number in numbers if number == number}  # noqa: PLR0124
        found: set[Item] = set()
        for piece in pieces:
            remembered = self._remembered.get(piece)
            found.update(self._learn(piece) if remembered is None else remembered)
        return found

    def _learn(self, piece: int) -> tuple[Item, ...]:
        found: list[Item] = []
        node = len(self._nodes) // 2 + piece
        while node:
            found += self._nodes[node]
            node >>= 1
        if self._room > len(found):
            self._room -= len(found) + 1
            self._remembered[piece] = tuple(found)
        return tuple(found)

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
