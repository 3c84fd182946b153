"""The horizon: how much of the journal need not be read at a start, since nothing in it is open any more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from ..journal.tail import Progress
from ..state import write_private

EVERY = 30.0  # seconds between marks

_read = msgspec.json.Decoder(dict[str, Progress]).decode


class Horizon:
    """Marks where the journal was read to, and keeps the newest before which no open run has a line.

    Without its file all of the journal is read; it may be removed at any time.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._marks: dict[int, dict[str, Progress]] = {}
        self._last = 0
        self._kept = -1

    def load(self) -> dict[str, Progress]:
        """How far each segment need not be read."""
        found: dict[str, Progress] = {}
        with suppress(OSError, msgspec.DecodeError):
            found = _read(self._path.read_bytes())
        self._marks = {0: found}
        self._last, self._kept = 0, 0
        return dict(found)

    def mark(self, progress: Mapping[str, Progress]) -> int:
        """So far the journal was read; the number of that mark is for what begins after it."""
        self._last += 1
        self._marks[self._last] = dict(progress)
        return self._last

    def keep(self, needed: Iterable[int]) -> None:
        """Write the oldest of the marks that are needed; the last one when none is. Raises `OSError`."""
        oldest = min(needed, default=self._last)
        for mark in [each for each in self._marks if each < oldest]:
            del self._marks[mark]
        if oldest != self._kept:
            write_private(self._path, msgspec.json.encode(self._marks[oldest]).decode())
            self._kept = oldest
