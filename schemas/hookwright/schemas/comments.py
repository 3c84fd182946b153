"""Warnings for texts that a ` #` has cut short: YAML reads the rest as a comment, and says nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

from .builder import JSON
from .document import Document
from .lines import line_of
from .problem import Place, Problem
from .quoting import quoted
from .secret_names import looks_secret
from .wording import cut

_At: TypeAlias = "tuple[str | int, ...]"

_SUSPECT = re.compile(r"\s#")
_EXPRESSIONS = frozenset({"if", "when", "order_by"})
_KEYS_OF = frozenset({"batch", "dedupe", "automations"})  # where `key` is an expression
_PLAIN_DATA = frozenset({"match", "labels"})  # names in these are the user's own
_TEMPLATE = re.compile(r"#\W*\{[{%]")


def cut_short(document: Document) -> list[Problem]:
    """A warning for each text that a comment has probably cut.

    It has if a template starts the comment, or if one space is all that stands between it and an expression:
    two of them, as most people write, are the mark of a comment that is meant.
    """
    if not _SUSPECT.search(document.text):
        return []
    found = []
    for at, text in _texts(document.value, ()):
        place = document.place(at)
        blanks, comment = _comment(line_of(document.text, place.line), place.column, text)
        if _TEMPLATE.match(comment) or (comment and blanks == 1 and _is_expression(at)):
            found.append(_problem(place, at, text, comment))
    return found


def _problem(place: Place, at: _At, text: str, comment: str) -> Problem:
    whole = quoted(f"{text} {comment}")
    secret = not _is_expression(at) and any(looks_secret(step) for step in at if isinstance(step, str))
    shown = "" if secret or len(whole) > 80 or "://" in whole else f": {whole}"
    return Problem(
        "HW025",
        f"YAML reads {cut(comment, 40)} as a comment, not as part of this text",
        place,
        f"two spaces stand before a comment; if it is text, put all of it in quotes{shown}",
        "warning",
        "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in at),
    )


def _comment(line: str, column: int, text: str) -> tuple[int, str]:
    """How many blanks stand behind a text without quotes, and the comment behind them if there is one."""
    written = line[column - 1 :]
    rest = written[len(text) :]
    comment = rest.strip()
    if not text or not written.startswith(text) or not rest[:1].isspace() or not comment.startswith("#"):
        return 0, ""
    return len(rest) - len(rest.lstrip()), comment


def _is_expression(at: _At) -> bool:
    names = [step for step in at if isinstance(step, str)]
    if names[-1] in _EXPRESSIONS or names[-2:] == ["for_each", "in"]:
        return True
    return names[-1] == "key" and len(names) > 1 and names[-2] in _KEYS_OF


def _texts(value: JSON, at: _At) -> Iterator[tuple[_At, str]]:
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, dict):
        for key, part in value.items():
            if key not in _PLAIN_DATA:
                yield from _texts(part, (*at, key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _texts(part, (*at, index))
