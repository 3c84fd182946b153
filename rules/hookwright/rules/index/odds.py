"""Guesses, from the patterns alone, how many events meet a condition, and what looking for it costs.

Events are taken to be like the patterns: a value that every tenth pattern about a field asks for is taken to
be in every tenth event. A field few patterns ask about is taken to have more values than they name.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Final

from ..pattern.numbers import Number
from ..pattern.operators import AnythingBut, Numeric, Present, Test
from .conditions import Conditions
from .marks import Mark, Table
from .parts import Condition

_UNNAMED: Final = 6
"""So many patterns about other values of a field are imagined beside those there are."""

_CANDIDATE: Final = 0.25
_LOOK_UP: Final = 0.05
_ASKING: Final = 0.2
_RANGING: Final = 0.5
"""Microseconds it takes to decide on a pattern, look into a table, ask a condition, look through ranges."""


class Odds:
    """What is guessed of the conditions of an index, each used as often as `conditions` says."""

    def __init__(self, conditions: Conditions) -> None:
        self._conditions = conditions
        self._marks: Counter[Mark] = Counter()
        self.tables: Counter[Table] = Counter()
        self._bounds: defaultdict[int, list[Number]] = defaultdict(list)
        self._known: dict[Condition, float] = {}
        for condition, uses in conditions.uses.items():
            self._count(condition, uses)
        for bounds in self._bounds.values():
            bounds.sort()

    def _count(self, condition: Condition, uses: int) -> None:
        for mark in self._conditions.marks(condition):
            self._marks[mark] += uses
            self.tables[mark.table] += uses
        numeric = self._conditions.range(condition)
        if numeric is not None:
            bounds = (numeric.lower, numeric.upper)
            self._bounds[condition.slot] += [bound for bound in bounds if bound is not None]

    def chance(self, condition: Condition) -> float:
        """The part of events that meet the condition, from 0 to 1."""
        known = self._known.get(condition)
        if known is None:
            known = self._known[condition] = self._chance(condition)
        return known

    def cost(self, condition: Condition) -> float:
        """What it costs, for each event, to look one pattern up by this condition."""
        return _CANDIDATE * self.chance(condition) + self._look_up(condition)

    def _look_up(self, condition: Condition) -> float:
        """The look-up is there for all who use it."""
        marks = self._conditions.marks(condition)
        if marks:
            return _LOOK_UP * sum(1 / self.tables[table] for table in {mark.table for mark in marks})
        if self._conditions.range(condition) is not None:
            return _RANGING / len(self._bounds[condition.slot])
        return _ASKING / self._conditions.uses[condition]

    def _chance(self, condition: Condition) -> float:
        marks = self._conditions.marks(condition)
        if marks:
            return min(1.0, sum(self._marks[mark] / (self.tables[mark.table] + _UNNAMED) for mark in marks))
        numeric = self._conditions.range(condition)
        if numeric is not None:
            return self._inside(numeric, self._bounds[condition.slot])
        return 0.5 if condition.absent else _of_tests(self._conditions.tests(condition))

    def _inside(self, numeric: Numeric, bounds: list[Number]) -> float:
        """How many bounds of other ranges lie inside of this one."""
        first = 0 if numeric.lower is None else bisect_right(bounds, numeric.lower)
        end = len(bounds) if numeric.upper is None else bisect_left(bounds, numeric.upper)
        return (max(end - first, 0) + 1) / (len(bounds) + _UNNAMED)


def _of_tests(tests: Iterable[Test]) -> float:
    return min(0.95, sum(0.8 if isinstance(test, AnythingBut | Present) else 0.1 for test in tests))
