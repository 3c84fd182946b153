"""The tree of a pattern bound to places of the event: conditions joined by and, or, not."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from ..pattern.operators import Scalar
from .leaves import Leaves
from .paths import PathNode


class Decided(Protocol):
    """What can say of an event by itself whether it matches."""

    def matches(self, leaves: Leaves) -> bool: ...


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """A field bound to its place: `holds` is asked of a leaf there; `absent` will do with none."""

    place: PathNode
    holds: Callable[[Scalar], bool]
    absent: bool

    def true_of(self, leaves: Leaves, granted: Set[PathNode]) -> bool:
        values = leaves.found.get(self.place)
        if values is None:
            return self.absent
        if self.absent and self.place in granted:
            return True
        for value in values:  # noqa: SIM110 - here and below a generator costs more than what it runs
            if self.holds(value):
                return True
        return False


@dataclass(frozen=True, slots=True, eq=False)
class Every:
    """All parts hold."""

    parts: tuple[Part, ...]

    def true_of(self, leaves: Leaves, granted: Set[PathNode]) -> bool:
        for part in self.parts:  # noqa: SIM110
            if not part.true_of(leaves, granted):
                return False
        return True


@dataclass(frozen=True, slots=True, eq=False)
class Some:
    """At least one branch holds."""

    branches: tuple[Part, ...]

    def true_of(self, leaves: Leaves, granted: Set[PathNode]) -> bool:
        for branch in self.branches:  # noqa: SIM110
            if branch.true_of(leaves, granted):
                return True
        return False


@dataclass(frozen=True, slots=True, eq=False)
class Never:
    """A rule of its own that must not match."""

    rule: Decided

    def true_of(self, leaves: Leaves, granted: Set[PathNode]) -> bool:  # noqa: ARG002 - a rule grants for itself
        return not self.rule.matches(leaves)


Part: TypeAlias = Condition | Every | Some | Never
