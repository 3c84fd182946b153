"""All conditions of many patterns, each kept once, with what is known of them before any event comes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable

from ..pattern.operators import Exact, Numeric, Test, exact_key
from ..pattern.syntax import Field
from .marks import Mark, marks_of, plainest, tell
from .parts import Condition
from .paths import PathNode
from .predicates import one_of, predicate


class Conditions:
    """The conditions of an index that is being built, and the tree of their places.

    `kind` is the place of an event's kinds, which no data reaches. `places` are those with conditions, by
    slot; `uses` counts how often each condition stands in a pattern.
    """

    def __init__(self) -> None:
        self.top = PathNode()
        self.kind = PathNode()
        self.places: list[PathNode] = []
        self.uses: Counter[Condition] = Counter()
        self._known: dict[Hashable, Condition] = {}
        self._marks: dict[Condition, tuple[Mark, ...]] = {}
        self._told: set[Condition] = set()
        self._tests: dict[Condition, tuple[Test, ...]] = {}

    def of_field(self, field: Field) -> Condition:
        """The condition of a field, shared with all equal ones."""
        return self._shared(self.top.add(field.path), tuple(map(plainest, field.tests)), absent=field.absent)

    def of_kind(self, kinds: Iterable[Hashable]) -> Condition:
        """The condition that the event is of one of `kinds`."""
        exact = tuple(Exact(kind) for kind in kinds)  # type: ignore[arg-type] # compared, and nothing else
        return self._shared(self.kind, exact, absent=False)

    def marks(self, condition: Condition) -> tuple[Mark, ...]:
        """The marks of a condition, one of which is there where it is met; none where it has to be asked."""
        return self._marks.get(condition, ())

    def is_told(self, condition: Condition) -> bool:
        """Whether the condition is met wherever one of its marks is."""
        return condition in self._told

    def tests(self, condition: Condition) -> tuple[Test, ...]:
        """The tests of a condition that has no marks."""
        return self._tests.get(condition, ())

    def range(self, condition: Condition) -> Numeric | None:
        """The one range of numbers a condition is about, if it is about nothing else."""
        tests = self.tests(condition)
        single = tests[0] if len(tests) == 1 and not condition.absent else None
        return single if isinstance(single, Numeric) and not single.reads_text else None

    def _shared(self, place: PathNode, tests: tuple[Test, ...], *, absent: bool) -> Condition:
        if place.slot is None:
            place.slot = len(self.places)
            self.places.append(place)
        exact = frozenset([exact_key(test.value) for test in tests if isinstance(test, Exact)])
        only_exact = not absent and all(isinstance(test, Exact) for test in tests)
        key = (place.slot, exact if only_exact else (frozenset(tests), absent))
        known = self._known.get(key)
        if known is None:
            holds = one_of(exact) if only_exact else predicate(tests, absent=absent)
            known = self._known[key] = Condition(place, place.slot, holds, absent)
            self._note(known, tests)
        self.uses[known] += 1
        return known

    def _note(self, condition: Condition, tests: tuple[Test, ...]) -> None:
        found = () if condition.absent else marks_of(condition.slot, tests)
        if found:
            self._marks[condition] = found
            if tell(tests):
                self._told.add(condition)
        else:
            self._tests[condition] = tests
