"""The tree of a pattern bound to places of the event: conditions joined by and, or, not."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from .paths import PathNode
from .predicates import MISSING, Predicate
from .reading import Reading


class Decided(Protocol):
    """What can say of an event by itself whether it matches."""

    def matches(self, reading: Reading) -> bool: ...


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """A field bound to its place: `holds` is asked of a leaf there; `absent` will do with none.

    Equal fields of all patterns share one condition.
    """

    place: PathNode
    slot: int
    holds: Predicate
    absent: bool

    def true_of(self, reading: Reading, granted: Set[int]) -> bool:
        found = reading.leaves[self.slot]
        if found is MISSING:
            return self.absent
        if self.absent and self.slot in granted:
            return True
        return any(map(self.holds, found)) if type(found) is tuple else self.holds(found)


@dataclass(frozen=True, slots=True, eq=False)
class Every:
    """All parts hold."""

    parts: tuple[Part, ...]

    def true_of(self, reading: Reading, granted: Set[int]) -> bool:
        for part in self.parts:  # noqa: SIM110 - here and below a generator costs more than what it runs
            if not part.true_of(reading, granted):
                return False
        return True


@dataclass(frozen=True, slots=True, eq=False)
class Some:
    """At least one branch holds."""

    branches: tuple[Part, ...]

    def true_of(self, reading: Reading, granted: Set[int]) -> bool:
        for branch in self.branches:  # noqa: SIM110
            if branch.true_of(reading, granted):
                return True
        return False


@dataclass(frozen=True, slots=True, eq=False)
class Never:
    """A rule of its own that must not match."""

    rule: Decided

    def true_of(self, reading: Reading, granted: Set[int]) -> bool:  # noqa: ARG002 - a rule grants for itself
        return not self.rule.matches(reading)


Part: TypeAlias = Condition | Every | Some | Never
