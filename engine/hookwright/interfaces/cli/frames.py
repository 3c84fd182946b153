"""A problem as people read it: the line it is in, a caret under the fault, and what would be right."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

import click

from hookwright.schemas.document import read_bytes
from hookwright.schemas.lines import split_lines
from hookwright.schemas.problem import Place, Problem, Related
from hookwright.schemas.wording import without_credentials

from ..printable import printable

WIDTH = 100  # characters of a source line shown, around the fault
_FILE_LIMIT = 4 * 1024 * 1024  # bytes; a larger file gets no frame
_WORD = re.compile(r"\[redacted\]|\"[^\"]*\"|'[^']*'|[^\s:,\[\]{}#]+")
_SECRET = frozenset({"HW020", "HW021"})  # the fault is a secret: logs of a pipeline must not hold it again
_HIDDEN = "[redacted]"
_NAMED = re.compile(
    r"((?:token|passw(?:or)?d|secret|api[-_]?key|authorization)[\"']?\s*:\s+)"
    r"(?:\"[^\"]*\"?|'[^']*'?|[^\s\"'\[{*&|>#][^,\]}]*)",
    re.IGNORECASE,
)
_COLORS = {"error": "red", "warning": "yellow"}
_OTHER = "blue"
_NONE: Mapping[tuple[str, int], Collection[int]] = {}


def frames(
    problems: Collection[Problem], source: Callable[[str], tuple[str, ...]] | None = None
) -> Iterator[str]:
    """Each problem as `frame` shows it. A secret that one of them is about is hidden in the others, too."""
    columns: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for problem in problems:
        if problem.code in _SECRET:
            columns[problem.place.file, problem.place.line].append(problem.place.column)
    return (frame(problem, source, columns) for problem in problems)


def frame(
    problem: Problem,
    source: Callable[[str], tuple[str, ...]] | None = None,
    secrets: Mapping[tuple[str, int], Collection[int]] = _NONE,
) -> str:
    """The whole of one problem, several lines. `source` gives the lines of a file, empty if it cannot.

    What stands from one of the columns on that `secrets` has for a file's line is not shown.
    """
    lines = source or source_lines
    severity = click.style(f"{problem.severity}[{problem.code}]", fg=_COLORS[problem.severity], bold=True)
    place = problem.place
    margin = max(len(str(each.line)) for each in (place, *(other.place for other in problem.related)))
    hidden = set(secrets.get((place.file, place.line), ()))
    hidden |= {place.column} if problem.code in _SECRET else set()
    parts = [f"{severity}: {printable(problem.message)}", f"{' ' * margin}--> {printable(str(place))}"]
    line = _line(place, lines)
    if line is not None:
        parts += _excerpt(place, _hidden(line, place.column, hidden), problem.hint, margin)
    elif problem.hint:
        parts.append(f"{' ' * margin} = help: {printable(problem.hint)}")
    for other in problem.related:
        parts += _other(other, lines, secrets.get((other.place.file, other.place.line), ()), margin)
    return "\n".join(parts)


def _other(
    other: Related, lines: Callable[[str], tuple[str, ...]], secrets: Collection[int], margin: int
) -> list[str]:
    """A related place, with its line where that can be read."""
    line = _line(other.place, lines)
    if line is None:
        return [f"{' ' * margin} = {printable(str(other))}"]
    hidden = _hidden(line, other.place.column, secrets)
    above = f"{' ' * margin}::: {printable(str(other.place))}"
    return [above, *_excerpt(other.place, hidden, other.text, margin, "-", _OTHER)]


def _line(place: Place, lines: Callable[[str], tuple[str, ...]]) -> str | None:
    written = lines(place.file) if place.line else ()
    return written[place.line - 1] if 0 < place.line <= len(written) else None


def _hidden(line: str, column: int, secrets: Collection[int]) -> tuple[str, str]:
    """The line before and from `column`, without what follows one of the columns `secrets` in either."""
    start = max(column, 1) - 1
    first = min((each - 1 for each in secrets if each - 1 < start), default=start)
    second = min((each - 1 for each in secrets if each - 1 >= start), default=len(line))
    before = line[:first] + ("" if first == start else f"{_HIDDEN}… ")
    fault = line[start:second] + ("" if second == len(line) else _HIDDEN)
    return _without_secrets(before), _without_secrets(fault)


def _without_secrets(text: str) -> str:
    """The same without what stands behind the name of a secret: the schema knows no key that is misspelt."""
    return without_credentials(_NAMED.sub(rf"\1{_HIDDEN}", text))


def _excerpt(
    place: Place, line: tuple[str, str], text: str | None, margin: int, mark: str = "^", color: str = "red"
) -> list[str]:
    """A line, given before and from the place, with marks and `text` under it."""
    before, fault = _cut(*line)
    word = _WORD.match(fault)
    marks = mark * max(1, min(_columns(printable(word[0])) if word else 1, 40))
    pointer = " " * _columns(printable(before)) + click.style(marks, fg=color, bold=True)
    shown = printable(before) + printable(fault)
    below = f" {printable(text)}" if text else ""
    empty = " " * margin
    return [f"{empty} |", f"{place.line:>{margin}} | {shown}", f"{empty} | {pointer}{below}"]


def _cut(before: str, fault: str) -> tuple[str, str]:
    """The two parts of a line, tabs made spaces, at most about `WIDTH` characters in all."""
    if len(before) > WIDTH // 2:
        before = "…" + before[-WIDTH // 2 :]
    room = WIDTH - len(before)
    shown = fault if len(fault) <= room else fault[:room] + "…"
    return before.replace("\t", " "), shown.replace("\t", " ")


def _columns(text: str) -> int:
    """How many columns of a terminal `text` takes: an ideograph two, an accent by itself none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.category(letter) in {"Mn", "Me"}
        else 2 if unicodedata.east_asian_width(letter) in {"W", "F"}
        else 1
        for letter in text
    )  # fmt: skip


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
