"""A glance at the journal: whether it may have grown, at a tenth of the cost of looking into it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..journal.tail import Progress

_DAYS = 2  # the newest folders; a new segment stands in one of them


class Glance:
    """Compares sizes and times with those after the last look. It may miss a segment that was just made."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, int] = {}  # how far the segments were read that may grow
        self._times: dict[Path, int] = {}

    def looked(self, progress: Mapping[str, Progress]) -> None:
        """The journal was looked into, which came so far in these segments."""
        for name, read in progress.items():
            if read.finished:
                self._read.pop(name, None)
            else:
                self._read[name] = read.offset
        newest = sorted({name.partition("/")[0] for name in self._read})[-_DAYS:]
        folders = [self._folder, *(self._folder / day for day in newest)]
        self._times = {folder: _changed(folder) for folder in folders}

    @property
    def grew(self) -> bool:
        """Whether there may be more to read."""
        if any(_changed(folder) != time for folder, time in self._times.items()):
            return True
        return any(_size(self._folder / name) != offset for name, offset in self._read.items())


def _changed(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
