"""Why an event has no value at a field: how far the way there goes, and the nearest name where it ends."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TypeAlias

from hookwright.schemas.nearest import did_you_mean

from ..event import JSON
from ..pattern.report import kind
from .leaves import Path, Way, way_text

_Stop: TypeAlias = tuple[JSON, Way | None, int]  # a value, the way there, and the steps of the field it takes

_LOOKED_AT = 1000  # values
_COMPARED = 200  # names among which the nearest is sought
_LONGEST = 80  # characters of a name


def why_absent(data: JSON, path: Path) -> str:
    """`there is no After (did you mean "after"?)`: what keeps a field that has no value from having one."""
    farthest: _Stop = (data, None, 0)
    work: list[_Stop] = [farthest]
    looked = 0
    while work and looked < _LOOKED_AT:
        value, way, depth = work.pop()
        looked += 1
        if depth > farthest[2]:
            farthest = (value, way, depth)
        work.extend(reversed(_deeper(value, way, depth, path)))
    return _told(farthest, path)


def _deeper(value: JSON, way: Way | None, depth: int, path: Path) -> list[_Stop]:
    if isinstance(value, list):
        return [(each, Way(way, position), depth) for position, each in enumerate(value[:_LOOKED_AT])]
    if not isinstance(value, dict):
        return []
    names = ((".".join(path[depth:end]), end) for end in range(depth + 1, min(len(path), depth + 64) + 1))
    return [(value[name], Way(way, name), end) for name, end in names if name in value]


def _told(farthest: _Stop, path: Path) -> str:
    value, way, depth = farthest
    here = way_text(way)
    if depth == len(path):
        return f"{here} is {_valueless(value)}"
    name = path[depth][:_LONGEST]
    if isinstance(value, dict):
        return f"{f'{here} has' if here else 'there is'} no field {name}{_guess(name, value)}"
    place = here or "the data"
    objects = (
        [each for each in value[:_COMPARED] if isinstance(each, dict)] if isinstance(value, list) else []
    )
    if objects:
        names = {key: None for each in objects for key in each}
        return f"no element of {place} has a field {name}{_guess(name, names)}"
    if isinstance(value, list):
        return f"{place} is a list without objects" if value else f"{place} is an empty list"
    return f"{place} is {kind(value)}, which has no fields"


def _guess(name: str, there: Iterable[str]) -> str:
    known = [each for each in islice(there, _COMPARED) if len(each) <= _LONGEST]
    guess = did_you_mean(name, known)
    return f" ({guess})" if guess else ""


def _valueless(value: JSON) -> str:
    if isinstance(value, dict):
        return "an object, which is no value" if value else "an empty object"
    assert isinstance(value, list), "anything else is a value"
    if any(isinstance(each, dict) and each for each in value):
        return "a list of objects, which are no values"
    return "a list without values" if value else "an empty list"
