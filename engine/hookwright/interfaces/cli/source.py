"""The lines of the files that problems stand in, for those who show them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from hookwright.schemas.document import read_bytes
from hookwright.schemas.lines import split_lines

_FILE_LIMIT = 4 * 1024 * 1024  # bytes; a larger file is not shown

Source: TypeAlias = Callable[[str], tuple[str, ...]]
"""Gives the lines of a file by its name; none when it cannot."""


def source_lines(file: str) -> tuple[str, ...]:
    """The lines of a file, read once; empty when it is no file that can be read, or is very large."""
    path = Path(file)
    try:
        state = path.stat()
        return _read(path.absolute(), state.st_mtime_ns, state.st_size)
    except (OSError, ValueError):
        return ()


@lru_cache(maxsize=64)
def _read(path: Path, _changed: int, _size: int) -> tuple[str, ...]:
    """A file that has changed is another one. Raises OSError and ValueError."""
    raw = read_bytes(path, _FILE_LIMIT + 1)
    return lines_of(raw)


def lines_of(raw: bytes) -> tuple[str, ...]:
    """The lines of a file with this content; none when it is very large."""
    if len(raw) > _FILE_LIMIT:
        return ()
    return tuple(split_lines(raw.decode("utf-8", "replace").removeprefix("\ufeff")))
