"""All conditions of many patterns, each kept once, with what is known of them before any event comes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from typing import Final

from ..pattern.operators import AnythingBut, Exact, Numeric, Present, Test, exact_key
from ..pattern.syntax import Field
from .marks import Mark, Table, marks, plainest
from .parts import Condition
from .paths import PathNode
from .predicates import one_of, predicate

_FEWEST: Final = 8
"""With fewer different values in the patterns than this, events are still taken to have so many."""


class Conditions:
    """The conditions of an index that is being built, and the tree of their places."""

    def __init__(self) -> None:
        self.top = PathNode()
        self.places: list[PathNode] = []
        self._known: dict[Hashable, Condition] = {}
        self._marks: dict[Condition, tuple[Mark, ...]] = {}
        self._tests: dict[Condition, tuple[Test, ...]] = {}
        self._keys: defaultdict[Table, set[Hashable]] = defaultdict(set)

    def of_field(self, field: Field) -> Condition:
        """The condition of a field, shared with all equal ones."""
        return self._shared(self.top.add(field.path), tuple(map(plainest, field.tests)), absent=field.absent)

    def of_kind(self, place: PathNode, kinds: Iterable[str]) -> Condition:
        """The condition that the event is of one of `kinds`, at a place no data can reach."""
        return self._shared(place, tuple(Exact(kind) for kind in kinds), absent=False)

    def marks(self, condition: Condition) -> tuple[Mark, ...]:
        """The marks of a condition; none where it has to be asked."""
        return self._marks.get(condition, ())

    def range(self, condition: Condition) -> Numeric | None:
        """The one range of numbers a condition is about, if it is about nothing else."""
        tests = self._tests.get(condition, ())
        single = tests[0] if len(tests) == 1 and not condition.absent else None
        return single if isinstance(single, Numeric) and not single.reads_text else None

    def chance(self, condition: Condition) -> float:
        """A guess how many events in one meet the condition, from 0 to 1."""
        found = self._marks.get(condition)
        if found:
            return min(1.0, sum(self._chance_of_mark(mark) for mark in found))
        tests = self._tests[condition]
        if condition.absent or not tests:
            return 0.5
        return min(0.95, sum(_chance_of_test(test) for test in tests))

    def _chance_of_mark(self, mark: Mark) -> float:
        if isinstance(mark.key, tuple):  # true or false
            return 0.5
        return 1 / max(_FEWEST, len(self._keys[mark.table]))

    def _shared(self, place: PathNode, tests: tuple[Test, ...], *, absent: bool) -> Condition:
        if place.slot is None:
            place.slot = len(self.places)
            self.places.append(place)
        exact = [test.value for test in tests if isinstance(test, Exact)]
        only_exact = len(exact) == len(tests) and not absent
        key = (place.slot, frozenset(map(exact_key, exact)) if only_exact else (frozenset(tests), absent))
        known = self._known.get(key)
        if known is None:
            holds = one_of(exact) if only_exact else predicate(tests, absent=absent)
            known = self._known[key] = Condition(place, place.slot, holds, absent)
            self._note(known, tests)
        return known

    def _note(self, condition: Condition, tests: tuple[Test, ...]) -> None:
        found = () if condition.absent else marks(condition.slot, tests)
        if found:
            self._marks[condition] = found
            for mark in found:
                self._keys[mark.table].add(mark.key)
        else:
            self._tests[condition] = tests


def _chance_of_test(test: Test) -> float:
    if isinstance(test, AnythingBut):
        return 0.8
    if isinstance(test, Present):
        return 0.7
    if isinstance(test, Numeric):
        return 0.5 if test.lower is None or test.upper is None else 0.2
    return 0.1
