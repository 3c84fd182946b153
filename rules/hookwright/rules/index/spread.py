"""The long way to read: whatever JSON stands at a place, its leaves are spread over the places below.

It knows dotted keys, lists of objects, lists in lists, at any depth, and costs no stack for depth. Lists of
flat objects, which are by far the most common of these, are read key by key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, cast

from ..event import JSON
from ..pattern.operators import Scalar
from .group import Group
from .paths import PathNode
from .reading import Leaves
from .sense import Sense

_PLAIN: Final = frozenset({str, int, float, bool, type(None)})


class Spread:
    """Reads values into the facts, leaves and nested slots of an event."""

    __slots__ = ("senses",)

    def __init__(self, senses: Sequence[Sense]) -> None:
        self.senses = senses

    def read(
        self, place: PathNode, value: JSON, facts: list[Group], leaves: Leaves, nested: set[int]
    ) -> None:
        """Read what stands at `place`."""
        if isinstance(value, list) and (columns := _columns(place, value)) is not None:
            nested.update(columns)
            found = columns
        else:
            found = _leaves_below(place, value, nested)
        for slot, several in found.items():
            leaves[slot] = several[0] if len(several) == 1 else tuple(several)
            facts += self.senses[slot].facts_of_all(several)


def _columns(place: PathNode, rows: list[JSON]) -> dict[int, list[Scalar]] | None:
    """The leaves of a list of flat objects by slot; None where it is not one."""
    if set(map(type, rows)) != {dict}:
        return None
    objects = cast("list[dict[str, Scalar]]", rows)  # flat, unless the types below say otherwise
    found: dict[int, list[Scalar]] = {}
    for key, below in place.children.items():
        column = [row[key] for row in objects if key in row]
        if below.children or not _PLAIN.issuperset(map(type, column)):
            return None
        if column and below.slot is not None:
            found[below.slot] = column
    return found


def _leaves_below(place: PathNode, value: JSON, nested: set[int]) -> dict[int, list[Scalar]]:
    """All leaves that somebody asks about, by slot. `nested` learns of the slots with a nested one."""
    found: dict[int, list[Scalar]] = {}
    for slot, leaf, is_nested in _each(place, value):
        found.setdefault(slot, []).append(leaf)
        if is_nested:
            nested.add(slot)
    return found


def _each(place: PathNode, value: JSON) -> Iterator[tuple[int, Scalar, bool]]:
    work: list[tuple[JSON, PathNode, bool]] = [(value, place, False)]
    while work:
        here, at, nested = work.pop()
        if isinstance(here, dict):
            work.extend((under, target, nested) for under, target in at.entered_by(here))
        elif isinstance(here, list):
            work.extend((each, at, nested or isinstance(each, dict | list)) for each in here)
        elif at.slot is not None:
            yield at.slot, here, nested
