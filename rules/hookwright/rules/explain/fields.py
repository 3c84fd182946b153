"""The clause of one field of a pattern: its alternatives in words, and the values that meet one or do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from hookwright.schemas.problem import Place

from ..errors import Steps
from ..event import JSON
from ..pattern.operators import Scalar
from ..pattern.syntax import Field
from .absence import why_absent
from .choices import agree
from .clause import Clause, Expected, Found
from .leaves import Choice, Leaf, Leaves, field_text, way_text
from .near import near_miss
from .wording import ABSENT, words

Where: TypeAlias = Callable[..., Place]  # (steps inside the pattern, key=...) -> the place
_Asked: TypeAlias = tuple[Expected, Callable[[Scalar], bool]]

MOST_VALUES = 5  # of the event that one clause shows
MOST_ALTERNATIVES = 50
_ABSENT_AS_WRITTEN = {"exists": False}


@dataclass(frozen=True, slots=True)
class Fields:
    """Makes clauses of fields. `written` is the pattern, and `where` knows where its parts stand."""

    written: Mapping[str, JSON]
    data: JSON
    leaves: Leaves
    where: Where

    def clause(self, condition: Field, *, holds: bool, choice: Choice | None) -> Clause:
        """With a `choice` only the values in its elements count, and come first."""
        asked = self._alternatives(condition)
        leaves = self.leaves.at(condition.path)
        shown = _decisive(asked, leaves, choice, holds=holds)
        return Clause(
            kind="field",
            holds=holds,
            place=self.where(condition.at, key=True),
            field=field_text(condition.path),
            expected=tuple(each for each, _ in asked[:MOST_ALTERNATIVES]),
            found=tuple(shown),
            more=len(leaves) - len(shown),
            lack="" if leaves else why_absent(self.data, condition.path),
            hint="" if holds else near_miss(condition.tests, (leaf.value for leaf in leaves)),
        )

    def _alternatives(self, condition: Field) -> list[_Asked]:
        """In the order as written; nothing that is there is `exists: false`."""
        tests = iter(condition.tests)
        found: list[_Asked] = []
        for steps, item in _items(_at(self.written, condition.at), condition.at):
            place = self.where(steps)
            if item == _ABSENT_AS_WRITTEN:
                found.append((Expected(ABSENT, place), _never))
            else:
                test = next(tests)
                found.append((Expected(words(test), place), test.holds))
        return found


def _items(value: JSON, at: Steps) -> Sequence[tuple[Steps, JSON]]:
    if isinstance(value, list | tuple):
        return [((*at, position), item) for position, item in enumerate(value)]
    return [(at, value)]


def _at(written: JSON | Mapping[str, JSON], steps: Steps) -> JSON:
    found: object = written
    for step in steps:
        found = found[step]  # type: ignore[index]  # the parser found it there
    return found  # type: ignore[return-value]


def _decisive(
    asked: Sequence[_Asked], leaves: Sequence[Leaf], choice: Choice | None, *, holds: bool
) -> list[Found]:
    """A few values that are why it holds or not, those in chosen elements first; else any."""
    found: list[Found] = []
    others: list[Found] = []
    for leaf in sorted(leaves, key=lambda each: not agree(each.choice, choice)) if choice else leaves:
        met = next((number for number, (_, test) in enumerate(asked) if test(leaf.value)), None)
        one = found if (met is not None) == holds else others
        one.append(Found(way_text(leaf.way), leaf.value, met))
        if len(found) == MOST_VALUES:
            break
    return [*found, *others][:MOST_VALUES]


def _never(_value: Scalar) -> bool:
    return False
