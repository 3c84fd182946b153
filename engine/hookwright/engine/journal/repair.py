"""Repair at start: what a writer that died left unfinished at the end of its segment is cut off."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from msgspec import Struct

from .line import LINE_LIMIT
from .segment import list_segments


class Repair(Struct, frozen=True, kw_only=True):
    """The fields of a `repair` line: the segment now ends at `offset`; `length` bytes after it were cut."""

    segment: str
    offset: int
    length: int
    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A segment whose end could not be looked at or cut. Readers step over its torn end all the same."""

    segment: str
    reason: str


def repair(folder: Path, *, fsync: Callable[[int], None] = os.fsync) -> list[Repair | Refused]:
    """Cut the torn last line of every segment without a living writer.

    Only bytes after the last line break go: they were never acknowledged. Damage before it is left alone, so
    that nothing readable is lost; readers report it.
    """
    repaired: list[Repair | Refused] = []
    for segment in list_segments(folder):
        found: Repair | Refused | None
        try:
            found = _repair_one(folder / segment.name, segment.name, fsync)
        except FileNotFoundError:  # packed: it was whole by then
            continue
        except OSError as error:
            found = Refused(segment.name, error.strerror or str(error))
        if found:
            repaired.append(found)
    return repaired


def _repair_one(path: Path, name: str, fsync: Callable[[int], None]) -> Repair | None:
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        size = os.fstat(descriptor).st_size
        end = _last_line_end(descriptor, size)
        if end == size:
            return None
        os.ftruncate(descriptor, end)
        fsync(descriptor)
        return Repair(segment=name, offset=end, length=size - end, reason="cut off in the middle of a line")
    except BlockingIOError:  # its writer lives
        return None
    finally:
        os.close(descriptor)


def _last_line_end(descriptor: int, size: int) -> int:
    """The offset after the last line break, 0 when there is none."""
    end = size
    while end > 0:
        start = max(0, end - LINE_LIMIT)
        found = os.pread(descriptor, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
