"""The tree a pattern is parsed into: fields with their alternatives, joined by and, or, not. All frozen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from ..errors import Steps
from .operators import Test


@dataclass(frozen=True, slots=True)
class Field:
    """One field and its alternatives, any of which will do.

    `path` is the whole way from the root, dotted keys taken apart: `{a: {"b.c": [1]}}` has `("a", "b", "c")`.
    `tests` are asked of each leaf there; `absent` (`{exists: false}`) will also do with no leaf at all.
    `at` leads to the field inside the pattern as written.
    """

    path: tuple[str, ...]
    tests: tuple[Test, ...]
    absent: bool = False
    at: Steps = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds, under one choice of array elements. `at` leads to what holds them as written."""

    parts: tuple[Node, ...]
    at: Steps = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one branch holds, together with whatever stands beside it. `at` leads to the `$or`."""

    branches: tuple[Node, ...]
    at: Steps = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """`part`, taken alone, holds under no choice of array elements."""

    part: Node
    at: Steps = field(default=(), compare=False)


Node: TypeAlias = Field | All | AnyOf | Not


@dataclass(frozen=True, slots=True)
class Pattern:
    """A valid pattern. `root` is its tree."""

    root: Node
