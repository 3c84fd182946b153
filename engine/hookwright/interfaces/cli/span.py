"""How far what starts at a place of a YAML file reaches: so much is underlined, or named as a region."""

from __future__ import annotations

import re

from hookwright.schemas.problem import Place

from .source import Source

_QUOTED = re.compile(r"\"(?:\\.|[^\"\\])*\"?|'(?:''|[^'])*'?")
_PLAIN = re.compile(r"(?:(?!:(?:\s|\Z)|\s#).)+")
_PLAIN_IN_BRACKETS = re.compile(r"(?:(?!:(?:[\s,\[\]{}]|\Z)|\s#|[,\[\]{}]).)+")
_FAR = 4096  # characters that are looked at: many problems in one very long line would take very long
_OPEN, _CLOSED = "[{", "]}"


def span(line: str, start: int) -> int:
    """How many characters the token has that starts at `start` (from 0): at least 1, none of the next line.

    A text in quotes, a list or a mapping in brackets as far as its line goes, or everything up to where YAML
    ends a plain text: a colon, a comment, inside of brackets a comma.
    """
    rest = line[start : start + _FAR]
    if rest[:1].isspace():
        return len(rest) - len(rest.lstrip())
    if rest[:1] in _OPEN:
        return max(1, _bracketed(rest))
    quoted = _QUOTED.match(rest)
    inside = start > _FAR // 2 or _depth(line[:start])  # so long a line is one of brackets
    plain = _PLAIN_IN_BRACKETS if inside else _PLAIN
    found = quoted or plain.match(rest)
    return max(1, len(found[0].rstrip())) if found else 1


def columns(place: Place, source: Source, length: int = 0) -> tuple[int, int] | None:
    """The first column of what stands at `place`, and the one behind it; None when there is no such line.

    `length` says how many they are, when that is known.
    """
    lines = source(place.file) if place.line else ()
    if not 0 < place.line <= len(lines):
        return None
    line = lines[place.line - 1]
    first = min(max(place.column, 1), len(line) + 1)
    return first, first + (length or span(line, first - 1))


def _bracketed(text: str) -> int:
    """The length of what the bracket at the start of `text` encloses; all of it when that goes on below."""
    depth = 0
    for at, token in _brackets(text):
        depth += 1 if token in _OPEN else -1
        if depth == 0:
            return at + 1
    return len(text.rstrip())


def _depth(text: str) -> int:
    return sum(1 if token in _OPEN else -1 for _, token in _brackets(text))


_BRACKET = re.compile(rf"{_QUOTED.pattern}|[\[\]{{}}]")


def _brackets(text: str) -> list[tuple[int, str]]:
    """The brackets outside of quotes, with where they stand."""
    return [(found.start(), found[0]) for found in _BRACKET.finditer(text) if found[0] in (*_OPEN, *_CLOSED)]
