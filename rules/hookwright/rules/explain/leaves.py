"""The values of an event that a pattern asks about, the ways to them and the list elements they lie in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, TypeAlias

from ..event import JSON
from ..pattern.operators import Scalar

Path: TypeAlias = tuple[str, ...]
Choice: TypeAlias = Mapping[int, int]
"""Which element of which list: the list by its number, the element by its position."""

_PLAIN = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]*")
_STEPS = 40  # of a way that are written out


class Way(NamedTuple):
    """The steps that lead to a value, the last one first, so that values share what they have in common."""

    above: Way | None
    step: str | int

    def __str__(self) -> str:
        """`Items[0].Sku`; names that are none in an expression stand in brackets, `a["b.c"]`."""
        return way_text(self)


class Inside(NamedTuple):
    """The list element a value lies in, and the one around that. `way` leads to the element."""

    around: Inside | None
    number: int
    position: int
    way: Way


@dataclass(frozen=True)
class Leaf:
    """A string, number, boolean or null."""

    value: Scalar
    way: Way | None
    inside: Inside | None

    @cached_property
    def choice(self) -> dict[int, int]:
        """Every list element it lies in. A plain value in a list lies in no element: it is there for all."""
        found: dict[int, int] = {}
        inside = self.inside
        while inside is not None:
            found[inside.number] = inside.position
            inside = inside.around
        return found


@dataclass(frozen=True, slots=True)
class Leaves:
    """The leaves at some fields, in the order of the event; of each list on the way its way and length."""

    by_field: Mapping[Path, list[Leaf]]
    lists: Mapping[int, tuple[Way | None, int]] = field(default_factory=dict)

    def at(self, path: Path) -> list[Leaf]:
        return self.by_field.get(path, [])


def read_leaves(data: JSON, fields: Iterable[Path]) -> Leaves:
    """Read the fields out of an event's data. Goes nowhere else, and knows no depth it could not take."""
    wanted: dict[Path, list[Leaf]] = {path: [] for path in fields}
    ways = {path[:length] for path in wanted for length in range(len(path) + 1)}
    lists: dict[int, tuple[Way | None, int]] = {}
    work: list[tuple[JSON, Path, Way | None, Inside | None]] = [(data, (), None, None)]
    while work:
        value, path, way, inside = work.pop()
        if isinstance(value, dict):
            work.extend(reversed(list(_members(value, path, way, inside, ways))))
        elif isinstance(value, list):
            lists[len(lists)] = (way, len(value))
            work.extend(reversed(list(_elements(value, path, way, inside, len(lists) - 1))))
        elif path in wanted:
            wanted[path].append(Leaf(value, way, inside))
    return Leaves(wanted, lists)


def _members(
    value: dict[str, JSON], path: Path, way: Way | None, inside: Inside | None, ways: set[Path]
) -> Iterator[tuple[JSON, Path, Way | None, Inside | None]]:
    for key, under in value.items():
        deeper = (*path, *key.split("."))
        if deeper in ways:
            yield under, deeper, Way(way, key), inside


def _elements(
    value: list[JSON], path: Path, way: Way | None, inside: Inside | None, number: int
) -> Iterator[tuple[JSON, Path, Way | None, Inside | None]]:
    for position, each in enumerate(value):
        here = Way(way, position)
        nested = isinstance(each, dict | list)
        yield each, path, here, Inside(inside, number, position, here) if nested else inside


def way_text(way: Way | None) -> str:
    """A way as people write it; the middle of a very long one is left out."""
    steps: list[str | int] = []
    while way is not None:
        steps.append(way.step)
        way = way.above
    steps.reverse()
    if len(steps) > _STEPS:
        return f"{_joined(steps[: _STEPS // 2])}…{_joined(steps[-_STEPS // 2 :])}"
    return _joined(steps)


def _joined(steps: Iterable[str | int]) -> str:
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f"[{json.dumps(step, ensure_ascii=False)}]"
    return text


def field_text(path: Path) -> str:
    """A field as a pattern names it: `After.Status`."""
    return ".".join(path)
