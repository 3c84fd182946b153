"""What an explanation is made of: clauses, each with its verdict, what it asks for and what the event has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from hookwright.schemas.problem import Place

from ..event import JSON
from ..model import EntityType

Kind: TypeAlias = Literal[
    "enabled", "event", "source", "field", "and", "or", "not", "if", "schedule", "run", "dedupe", "batch"
]
Stage: TypeAlias = Literal["enabled", "event", "source", "match", "if", "schedule", "run", "dedupe", "batch"]


@dataclass(frozen=True, slots=True)
class Expected:
    """One of the things that would do, in words: `a string that begins with "Hot"`."""

    says: str
    place: Place


@dataclass(frozen=True, slots=True)
class Found:
    """A value of the event. `path` leads to it: `Items[0].Sku`.

    `met` is the first of the clause's `expected` that it is, counted from 0; None for none of them.
    """

    path: str
    value: JSON
    met: int | None = None


@dataclass(frozen=True, slots=True)
class Element:
    """An element of a list, at `path`: which of the conditions it meets, and which not (counted from 0)."""

    path: str
    meets: tuple[int, ...]
    misses: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Conditions of which each holds, but all of them for no one element of the list at `path`.

    `elements` are those that meet the most; `more` are not shown.
    """

    path: str
    conditions: tuple[Expected, ...]
    elements: tuple[Element, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Clause:
    """One thing that a subscriber asks of an event, and whether it holds.

    `field` is set for a field of a pattern. `found` are values there, those that decide first; `more` are not
    shown. `lack` says why there is no value, and `hint` what else may help. `parts` are the clauses inside
    `and`, `or` and `not`, of which `hidden` are left out. `and` can fail although every part holds: then
    `conflict` names the list whose elements they do not share, where there is one to name.
    """

    kind: Kind
    holds: bool
    place: Place
    field: str = ""
    expected: tuple[Expected, ...] = ()
    found: tuple[Found, ...] = ()
    more: int = 0
    lack: str = ""
    hint: str = ""
    parts: tuple[Clause, ...] = ()
    hidden: int = 0
    conflict: Conflict | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a subscriber gets an event, or does not: each stage with its clause, in the order they were asked.

    What comes after a stage that says no is not asked.
    """

    entity_type: EntityType
    id: str
    place: Place
    stages: tuple[tuple[Stage, Clause], ...]

    @property
    def name(self) -> str:
        return f"{self.entity_type}/{self.id}"

    @property
    def selected(self) -> bool:
        return self.refused is None

    @property
    def refused(self) -> tuple[Stage, Clause] | None:
        """The stage that says no, with its clause; None when none does."""
        return next((each for each in self.stages if not each[1].holds), None)
