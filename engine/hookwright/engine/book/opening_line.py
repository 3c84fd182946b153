"""A line that opened deliveries, as it is read again when they are offered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..journal.acceptance import Accepted, AcceptedMore, JournalledEvent, Planned
from ..journal.carried import CARRIED
from ..journal.opened import OPENED, Opened, read_opened
from ..journal.reader import read_at
from ..journal.segment import Position

_FIRST = {"accepted", CARRIED}
_FURTHER = {f"{kind}+" for kind in _FIRST}


@dataclass(frozen=True, slots=True)
class OpeningLine:
    """A line that opened deliveries: those an event opened by their ids, or what it opened by itself."""

    event: JournalledEvent | None
    deliveries: Mapping[str, Planned]
    opened: tuple[Opened, bytes] | None = None


def read_opening_line(folder: Path, position: Position) -> OpeningLine:
    """The line at a position; an empty one when it cannot be read there (any more)."""
    line = read_at(folder, position)
    if line is None or line.kind not in {*_FIRST, *_FURTHER, *OPENED}:
        return OpeningLine(None, {})
    if line.kind in OPENED:
        return OpeningLine(None, {}, read_opened(folder, position))
    first = line.decode(Accepted) if line.kind in _FIRST else None
    if first:
        return OpeningLine(first.event, {each.id: each for each in first.deliveries})
    return OpeningLine(None, {each.id: each for each in line.decode(AcceptedMore).deliveries})
