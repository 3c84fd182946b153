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


@lru_cache(maxsize=64)
def source_lines(file: str) -> tuple[str, ...]:
    """The lines of a file, read once; empty when it is no file that can be read, or is very large."""
    try:
        raw = read_bytes(Path(file), _FILE_LIMIT + 1)
    except (OSError, ValueError):
        return ()
    if len(raw) > _FILE_LIMIT:
        return ()
    return tuple(split_lines(raw.decode("utf-8", "replace").removeprefix("\ufeff")))
