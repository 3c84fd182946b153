"""Carrying forward: the lines that write an open delivery anew, so that the segment it stands in may go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct, ValidationError

from ..instant import timestamp
from .acceptance import Accepted, AcceptedMore, Planned
from .carried import CARRIED, CARRIED_ATTEMPT, Carried, CarriedAttempt
from .grouping import ROOM
from .line import Line, Shape
from .opened import Noticed, carried_entries, read_written
from .outcome import Attempt
from .reader import read_at
from .segment import Position
from .writer import Entry

_LOOKED_AT = 20  # lines, for the last attempt: what was held since has one for each reason


def carried_event(
    folder: Path, event: Position, deliveries: Mapping[str, tuple[Position, Carried]]
) -> list[Entry]:
    """The lines that accept an event anew with these of its deliveries, each by the line it stands in.

    What cannot be read any more is left out; nothing when that is the event.
    """
    first = _decoded(read_at(folder, event), Accepted)
    if first is None:
        return []
    found: list[Planned] = []
    for line in dict.fromkeys(place for place, _ in deliveries.values()):
        part = first if line == event else _decoded(read_at(folder, line), AcceptedMore)
        found += [
            msgspec.structs.replace(planned, carried=deliveries[planned.id][1])
            for planned in (part.deliveries if part else ())
            if planned.id in deliveries and deliveries[planned.id][0] == line
        ]
    return list(_fanout(msgspec.structs.replace(first, deliveries=tuple(found), runs=(), more=False)))


def _fanout(whole: Accepted) -> Iterator[Entry]:
    if not whole.deliveries:
        return
    text = msgspec.json.encode(whole)
    if len(text) <= ROOM:
        yield Entry(CARRIED, text[1:-1])
        return
    yield _entry(CARRIED, msgspec.structs.replace(whole, deliveries=(), more=True))
    groups = list(_groups(whole.deliveries))
    for number, group in enumerate(groups, start=1):
        yield _entry(f"{CARRIED}+", AcceptedMore(deliveries=tuple(group), done=number == len(groups)))


def _groups(planned: Sequence[Planned]) -> Iterator[list[Planned]]:
    """Each fits a line."""
    group: list[Planned] = []
    room = ROOM
    for each in planned:
        size = len(msgspec.json.encode(each)) + 1
        if group and size > room:
            yield group
            group, room = [], ROOM
        group.append(each)
        room -= size
    yield group


def carried_opened(folder: Path, position: Position, carried: Carried) -> list[Entry]:
    """The lines that open a batch, a notice or a replay anew; nothing when it cannot be read any more."""
    found = read_written(folder, position)
    if found is None:
        return []
    opened, text = found
    if isinstance(opened, Noticed):
        before = opened.carried.told if opened.carried else None
        told = before or (position.segment, position.offset)
        carried = msgspec.structs.replace(carried, told=told)
    return [Entry(each.kind, _encoded(each.fields)) for each in carried_entries(opened, text, carried)]


def carried_attempt(folder: Path, lines: Sequence[Position]) -> list[Entry]:
    """The last attempt among these lines about a delivery, oldest first; nothing when there is none."""
    for position in lines[: -_LOOKED_AT - 1 : -1]:
        line = read_at(folder, position)
        if line is None or line.kind not in {"attempt", CARRIED_ATTEMPT}:
            continue
        attempt = _decoded(line, Attempt)
        kept = _decoded(line, CarriedAttempt)
        if attempt and kept is None:
            fields = {name: getattr(attempt, name) for name in attempt.__struct_fields__}
            kept = CarriedAttempt(**fields, booked=timestamp(line.at))
        if kept:
            return [_entry(CARRIED_ATTEMPT, kept)]
    return []


def _entry(kind: str, fields: Struct) -> Entry:
    return Entry(kind, _encoded(fields))


def _encoded(fields: object) -> bytes:
    return msgspec.json.encode(fields)[1:-1]


def _decoded(line: Line | None, shape: type[Shape]) -> Shape | None:
    try:
        return line.decode(shape) if line else None
    except ValidationError:
        return None
