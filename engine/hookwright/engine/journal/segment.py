"""A segment: one file of the journal, `<day>/<writer>-<number>.jsonl`, written by one process only."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from msgspec import Struct

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FILE = re.compile(r"([a-z][a-z0-9_]*)-([0-9]{1,12})\.jsonl(\.gz)?")


class Position(Struct, frozen=True, gc=False):
    """Where a line stands: the segment's name (`2026-11-24/intake-7.jsonl`) and the byte it starts at."""

    segment: str
    offset: int


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """A segment's identity. They sort by writer, then in the order in which they were written."""

    writer: str
    number: int
    day: str

    @property
    def name(self) -> str:
        return f"{self.day}/{self.writer}-{self.number}.jsonl"


def number_of(name: str) -> int:
    """The number in a segment's name; a writer's numbers grow, whatever the day. ValueError for no name."""
    found = _FILE.fullmatch(name.rpartition("/")[2])
    if found is None or found[3]:
        raise ValueError(f"{name!r} names no segment")
    return int(found[2])


def list_segments(folder: Path, since: str = "") -> list[Segment]:
    """The segments of the days from `since` on, sorted; other files, links and folders are passed over.

    One that is packed has the name it had before.
    """
    return sorted(set(_walk(folder, since)))


def _walk(folder: Path, since: str = "") -> Iterator[Segment]:
    for day in _entries(folder):
        if day.name < since or not (_DAY.fullmatch(day.name) and day.is_dir(follow_symlinks=False)):
            continue
        for entry in _entries(Path(day.path)):
            found = _FILE.fullmatch(entry.name)
            if found and entry.is_file(follow_symlinks=False):
                yield Segment(found[1], int(found[2]), day.name)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        return []


def create(folder: Path, writer: str, day: str, after: int = 0) -> tuple[Segment, int]:
    """Create the writer's next segment; return it with its descriptor, open for appending and locked.

    Its number is above `after` and above all there are. The lock tells readers that the segment has a living
    writer. New folder entries are on disk on return. Raises `OSError`.
    """
    make_folder(folder)
    make_folder(folder / day)
    number = 1 + max([after, *(each.number for each in _walk(folder) if each.writer == writer)])
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    while True:
        segment = Segment(writer, number, day)
        try:
            descriptor = os.open(folder / segment.name, flags, 0o600)
        except FileExistsError:  # not a plain file, or another process was faster
            number += 1
            continue
        break
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        sync_folder(folder / day)
    except OSError:
        os.close(descriptor)
        raise
    return segment, descriptor


def open_segment(folder: Path, name: str) -> int:
    """A descriptor for reading what is not packed. A symbolic link is refused. Raises `OSError`."""
    return os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)


def has_writer(descriptor: int) -> bool:
    """Whether some process still has this segment open for writing."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False


def sync_folder(folder: Path) -> None:
    """Make a folder's entries durable. Raises `OSError`."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder that is on disk on return; a link in its place is refused. Raises `OSError`."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        if folder.is_symlink():
            raise NotADirectoryError(f"{folder} is a symbolic link") from None
    else:
        sync_folder(folder.parent)
