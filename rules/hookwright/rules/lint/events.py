"""Event types that a subscriber names twice, or beside a glob that selects them anyway."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from hookwright.schemas.problem import Problem, Related

from ..bundle import Part
from ..event import JSON
from ..glob import is_glob
from ..references import EventNames

KEY = "event"


def event_warnings(part: Part, names: EventNames) -> Iterator[Problem]:
    """A warning for each name in the list under `event` that selects nothing new."""
    written = part.value.get(KEY)
    listed = _texts(written) if isinstance(written, list) and len(written) > 1 else {}
    globs = {index: frozenset(names.resolve(name)) for index, name in listed.items() if is_glob(name)}
    first: dict[Hashable, int] = {}
    for index, name in listed.items():
        selected = () if index in globs else names.resolve(name)
        others = [first.setdefault(key, index) for key in (name, selected) if key]
        others += [other for other, taken in globs.items() if not taken.isdisjoint(selected)]
        other = min((each for each in others if each != index), default=None)
        if other is not None:
            message = _said(name, listed[other])
            related = Related(part.place(KEY, other), "first one here" if other < index else "the glob")
            yield part.problem(
                "HW159", message, KEY, index, hint="remove it", severity="warning", related=(related,)
            )


def _texts(written: Sequence[JSON]) -> dict[int, str]:
    return {index: name for index, name in enumerate(written) if isinstance(name, str)}


def _said(name: str, other: str) -> str:
    if name == other:
        return f'"{name}" stands here twice'
    return f'"{other}" selects "{name}", too' if is_glob(other) else f'"{name}" and "{other}" are one event'
