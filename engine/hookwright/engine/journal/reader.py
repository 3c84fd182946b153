"""Reads one segment from any offset on, while it is written and afterwards; damage is a value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from msgspec import Struct

from .content import open_content
from .line import LINE_LIMIT, Line, parse
from .segment import Position

CHUNK = 4 * LINE_LIMIT
_COMMON_LINE = 16 * 1024  # most lines are shorter


class Found(Struct, frozen=True, gc=False):
    """A sound line and where it stands."""

    position: Position
    line: Line


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes that are no line. `length` is 0 when lines are missing altogether."""

    position: Position
    length: int
    reason: str


class Reader:
    """One segment, read forward. `offset` is where the next unread line starts.

    `more` says that the last read did not get to what is the end now. `finished` turns true when the writer
    is gone and everything was read; what it left unfinished at the end is then reported as damage. Raises
    `OSError` when the segment cannot be opened or read.
    """

    def __init__(self, folder: Path, name: str, offset: int = 0) -> None:
        self.name = name
        self.offset = offset
        self.more = False
        self.finished = False
        self._last: int | None = None
        self._damaged = False
        self._content = open_content(folder, name)

    def close(self) -> None:
        self._content.close()

    def read(self) -> list[Found | Damage]:
        """The next lines, at most about 4 MiB of them; empty when there are none yet."""
        released = not self._content.alive  # asked first: what came before it is read below
        chunk = self._content.read(CHUNK, self.offset)
        self.more = len(chunk) == CHUNK
        end = chunk.rfind(b"\n") + 1
        if end:
            return list(self._items(chunk[:end]))
        if len(chunk) > LINE_LIMIT:
            beyond = self._end_of_line(self.offset + len(chunk))
            if beyond:
                return [self._skip(beyond - self.offset, "longer than a line can be")]
        self.finished = released and self._written(chunk)
        if self.finished and chunk:
            length = self._content.size - self.offset
            return [Damage(Position(self.name, self.offset), length, "cut off in the middle of a line")]
        return []

    def skip(self, offset: int) -> None:
        """Go on from there: what stands before it is known already."""
        self.offset, self._last = offset, None

    def _items(self, chunk: bytes) -> Iterator[Found | Damage]:
        for raw in chunk.split(b"\n")[:-1]:
            found = parse(raw)
            if isinstance(found, str):
                yield self._skip(len(raw) + 1, found)
                continue
            position = Position(self.name, self.offset)
            if self._last is not None and found.n != self._last + 1 and (gap := self._gap(found.n)):
                yield Damage(position, 0, gap)
            yield Found(position, found)
            self._last, self._damaged = found.n, False
            self.offset += len(raw) + 1

    def _gap(self, n: int) -> str | None:
        """What the numbering says is missing. Lines reported as damaged explain a jump forward."""
        if self._last is None or n == self._last + 1 or (self._damaged and n > self._last):
            return None
        return f"line {self._last} is followed by line {n}"

    def _skip(self, length: int, reason: str) -> Damage:
        damage = Damage(Position(self.name, self.offset), length, reason)
        self.offset += length
        self._damaged = True
        return damage

    def _end_of_line(self, offset: int) -> int | None:
        """The offset after the next line break from `offset` on, if there is one."""
        while chunk := self._content.read(CHUNK, offset):
            found = chunk.find(b"\n")
            if found >= 0:
                return offset + found + 1
            offset += len(chunk)
        return None

    def _written(self, chunk: bytes) -> bool:
        """An empty segment may have been created this very moment: its writer has not locked it yet."""
        return bool(chunk) or self.offset > 0


def read_at(folder: Path, position: Position) -> Line | None:
    """The line at a position, or None when it cannot be read there (any more)."""
    try:
        content = open_content(folder, position.segment)
    except OSError:
        return None
    try:
        raw = content.read(_COMMON_LINE, position.offset)
        if b"\n" not in raw:
            raw = content.read(LINE_LIMIT, position.offset)
    except OSError:
        return None
    finally:
        content.close()
    found = parse(raw.partition(b"\n")[0])
    return None if isinstance(found, str) else found
