"""Where the reading of one segment stands."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec import Struct

from .fields import Grouped
from .reader import Reader
from .segment import Position


class Progress(Struct, frozen=True):
    """How far a segment was read."""

    offset: int
    finished: bool


@dataclass(slots=True)
class Tail:
    """A segment that is followed, and the lines of a group whose end is not read yet."""

    reader: Reader
    group: list[tuple[Position, Grouped]] = field(default_factory=list)
    started: int = 0  # Unix milliseconds of the group's first line

    @property
    def progress(self) -> Progress:
        """An unfinished group is read again from its start."""
        offset = self.group[0][0].offset if self.group else self.reader.offset
        return Progress(offset, self.reader.finished)
