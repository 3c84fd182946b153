"""Event types that a subscriber names twice, or beside a glob that selects them anyway."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hookwright.schemas.problem import Problem, Related

from ..bundle import Part
from ..event import JSON
from ..glob import is_glob
from ..references import EventNames

KEY = "event"


def event_warnings(part: Part, names: EventNames) -> Iterator[Problem]:
    """A warning for each name in the list under `event` that selects nothing new."""
    written = part.value.get(KEY)
    listed = _texts(written) if isinstance(written, list) and len(written) > 1 else []
    for number, (index, name) in enumerate(listed):
        for other, text in (*listed[:number], *(each for each in listed[number:] if is_glob(each[1]))):
            message = None if other == index else _said(name, text, names)
            if message:
                related = Related(part.place(KEY, other), "first one here" if other < index else "the glob")
                yield part.problem(
                    "HW159", message, KEY, index, hint="remove it", severity="warning", related=(related,)
                )
                break


def _texts(written: Sequence[JSON]) -> list[tuple[int, str]]:
    return [(index, name) for index, name in enumerate(written) if isinstance(name, str)]


def _said(name: str, other: str, names: EventNames) -> str | None:
    """What to say of a name beside another one; None when each selects something of its own."""
    if name == other:
        return f'"{name}" stands here twice'
    selected = names.resolve(name)
    if is_glob(name) or not selected:
        return None
    if is_glob(other):
        return f'"{other}" selects "{name}", too' if selected[0] in names.resolve(other) else None
    return f'"{name}" and "{other}" are one event' if selected == names.resolve(other) else None
