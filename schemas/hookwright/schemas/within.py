"""Where a character of a text stands in the YAML that holds it: quotes, escapes and folds are undone."""

from __future__ import annotations

import re
from bisect import bisect_right

from .lines import line_starts

_BEFORE = re.compile(r"(?:[&!]\S*\s+)*")  # an anchor and a tag, in any order
_HEADER = re.compile(r"[|>][^\r\n]*")
_ESCAPE = re.compile(r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", re.DOTALL)
_FOLD = re.compile(r"\\\r?\n[ \t]*")  # a line of a text in double quotes that is only broken to be shorter
_BLANKS = " \t\r\n\x85\u2028\u2029"
_RUN = re.compile(f"[{_BLANKS}]+")
_PIECES = re.compile(f"[{_BLANKS}]+|[^{_BLANKS}]")


def position_within(yaml: str, start: tuple[int, int], text: str, offset: int) -> tuple[int, int]:
    """Line and column (from 1) of `text[offset]`; `text` is the scalar that starts at `start` in `yaml`.

    `start` itself when that cannot be told.
    """
    lines = line_starts(yaml)
    if not 0 < start[0] <= len(lines):
        return start
    at = _aligned(yaml, lines[start[0] - 1] + start[1] - 1, text, offset)
    if at > len(yaml):
        return start
    line = bisect_right(lines, at)
    return line, at - lines[line - 1] + 1


def _aligned(yaml: str, at: int, text: str, offset: int) -> int:
    """The index of `text[offset]`, which is read from `at` on."""
    at = _end(_BEFORE, yaml, at)
    quote = yaml[at : at + 1] if yaml[at : at + 1] in {"'", '"'} else ""
    at = at + 1 if quote else _end(_HEADER, yaml, at)
    for piece in _PIECES.findall(text, 0, offset):
        at = _past(yaml, at, quote, piece)
    return at if offset >= len(text) or text[offset] in _BLANKS else _skipped(yaml, at, quote)


def _past(yaml: str, at: int, quote: str, piece: str) -> int:
    """The index behind what stands for `piece`, one character or a run of blanks, which folds change."""
    if piece[0] not in _BLANKS:
        return _written(yaml, _skipped(yaml, at, quote), quote)
    at = _end(_FOLD, yaml, at) if quote == '"' else at
    behind = _end(_RUN, yaml, at)
    if behind == at:  # they are escaped
        for _ in piece:
            behind = _written(yaml, behind, quote)
    return behind


def _written(yaml: str, at: int, quote: str) -> int:
    """The index behind one character as it is written in quotes of this kind."""
    if quote == '"' and yaml[at : at + 1] == "\\":
        return _end(_ESCAPE, yaml, at)
    return at + 2 if quote == "'" and yaml[at : at + 2] == "''" else at + 1


def _skipped(yaml: str, at: int, quote: str) -> int:
    """Past what no character stands for: an indentation, a line that is only broken to be shorter."""
    return _end(_RUN, yaml, _end(_FOLD, yaml, at) if quote == '"' else at)


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at
