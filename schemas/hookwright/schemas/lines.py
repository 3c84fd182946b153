"""The lines of a text, broken where the YAML parser breaks them: a position means the same to everybody."""

from __future__ import annotations

import re
from functools import lru_cache

_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")


def split_lines(text: str) -> list[str]:
    """The lines without their breaks; a break at the very end is followed by one more, empty line."""
    return _BREAK.split(text)


@lru_cache(maxsize=4)  # a text has many problems, and each asks for its line
def line_starts(text: str) -> tuple[int, ...]:
    """Where each line starts, counted from 0; the last one of a text that ends in a break is empty."""
    return (0, *(found.end() for found in _BREAK.finditer(text)))


def line_of(text: str, number: int) -> str:
    """The line with this number, counted from 1, without its break; empty when there is none."""
    starts = line_starts(text)
    if not 0 < number <= len(starts):
        return ""
    return _BREAK.split(text[starts[number - 1] : starts[number] if number < len(starts) else None], 1)[0]


def position_after(text: str) -> tuple[int, int]:
    """Line and column, counted from 1, of what follows `text`."""
    lines = split_lines(text)
    return len(lines), len(lines[-1]) + 1
