"""What a run computed, and of what: so that one can tell how it would be of what may be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from hookwright.rules.event import JSON
from hookwright.rules.expression import fill
from hookwright.rules.expression.slots import slots_in

Part: TypeAlias = Callable[[Mapping[str, JSON]], JSON]
"""Computes a value from a scope. Raises `ExpressionError` when there is none."""


@dataclass(frozen=True, slots=True)
class Made:
    """What the `parts` of a step made of `scope`; `reason` is why the step failed over that, if it did."""

    parts: tuple[Part, ...]
    scope: Mapping[str, JSON]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Filling:
    """The part that fills in one slot of a template."""

    slot: str

    def __call__(self, scope: Mapping[str, JSON]) -> JSON:
        return fill(self.slot, scope)


def fillings(tree: JSON) -> tuple[Part, ...]:
    """The parts of a tree of templates."""
    return tuple(Filling(slot) for slot in dict.fromkeys(slots_in(tree)))
