"""A bundle's file that comes in by standard input, in place of one that has a name."""

from __future__ import annotations

import sys
from collections.abc import Collection
from pathlib import Path

from hookwright.schemas.document import Limits

from .source import Source, lines_of, source_lines

PATH = Path("-")  # how it is asked for
NAME = Path("<stdin>")  # what it is called in reports


def read_typed(paths: Collection[Path]) -> bytes | None:
    """What comes in; None when `paths` do not ask for it. Of a file that is too large a byte too many."""
    return sys.stdin.buffer.read(Limits().size + 1) if PATH in paths else None


def source_with(typed: bytes | None) -> Source:
    """Gives the lines of files, and those that came in: they cannot be read a second time."""
    if typed is None:
        return source_lines
    lines = lines_of(typed)
    return lambda file: lines if file == str(NAME) else source_lines(file)
