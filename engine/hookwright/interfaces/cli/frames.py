"""A problem as people read it: the line it is in, a caret under the fault, and what would be right."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import click

from hookwright.schemas.credentials import without_credentials
from hookwright.schemas.problem import Place, Problem, Related
from hookwright.schemas.secret_names import looks_secret

from ..printable import printable
from .source import Source, source_lines
from .span import span

WIDTH = 100  # columns of a line, where no terminal says how wide it is
_NARROWEST = 40
_FAR = 4096  # characters on each side; longer than any secret that could begin there
_SECRET = frozenset({"HW020", "HW021"})  # the fault is a secret: logs of a pipeline must not hold it again
_FORM, _REFERENCES = "HW016", frozenset({"env", "file"})
_UNKNOWN, _MEANT = "HW012", re.compile('did you mean "([^"]+)"')
_HIDDEN = "[redacted]"
_NAMES = r"(?:token|passw(?:or)?d|secret|api[-_]?key|authorization|auth)[\"']?\s*:\s+"
_VALUE = r"(?:(?!,\s*(?:[\w\"'-]+\s*:|\Z))[^\]}])*"
_NAMED = re.compile(rf"({_NAMES})(?:\"[^\"]*\"?|'[^']*'?|[^\s\"'\[{{*&|>#]{_VALUE})", re.IGNORECASE)
_WITHIN = re.compile(rf"{_NAMES}[^\[\]{{}},]*\Z", re.IGNORECASE)  # what follows belongs to the secret, too
_WHOLE = re.compile(rf"(?![\[{{]){_VALUE}")
_COLORS = {"error": "red", "warning": "yellow"}
_OTHER = "blue"

Secrets: TypeAlias = Mapping[tuple[str, int], Collection[int]]
"""The columns of a file's line from which on a secret stands."""
_NONE: Secrets = {}


def frames(problems: Collection[Problem], source: Source = source_lines, width: int = WIDTH) -> Iterator[str]:
    """Each problem as `frame` shows it. A secret that one of them is about is hidden in the others, too."""
    columns = secrets_in(problems)
    return (frame(problem, source, columns, width) for problem in problems)


def secrets_in(problems: Collection[Problem]) -> Secrets:
    """Where secrets are written out, as far as these problems are about them."""
    columns: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for problem in problems:
        if column := _secret_column(problem):
            columns[problem.place.file, problem.place.line].append(column)
    return columns


def _secret_column(problem: Problem) -> int:
    """From where on the line of a problem holds what must not be shown; 0 for nothing.

    A key that is nearly the name of a secret has one for its value, and where the name of a variable is
    wanted the secret itself may have been written.
    """
    column = problem.place.column
    key = problem.path.rpartition("/")[2]
    if problem.code in _SECRET or (problem.code == _FORM and key in _REFERENCES):
        return column
    meant = _MEANT.search(problem.hint or "") if problem.code == _UNKNOWN else None
    return column + len(key) + 1 if meant and looks_secret(meant[1]) else 0


def frame(
    problem: Problem, source: Source = source_lines, secrets: Secrets = _NONE, width: int = WIDTH
) -> str:
    """The whole of one problem, several lines. `source` gives the lines of a file, empty if it cannot.

    What stands from one of the columns on that `secrets` has for a file's line is not shown. Source lines are
    cut to `width`.
    """
    place = problem.place
    places = (place, *(other.place for other in problem.related))
    hidden = {(each.file, each.line): _at(each, secrets) for each in places}
    if column := _secret_column(problem):
        hidden[place.file, place.line] = (*_at(place, secrets), column)
    margin = max(len(str(each.line)) for each in places)
    page = _Page(source, hidden, margin, max(width, _NARROWEST))
    color = _COLORS[problem.severity]
    severity = click.style(f"{problem.severity}[{problem.code}]", fg=color, bold=True)
    return "\n".join(
        [
            f"{severity}: {printable(problem.message)}",
            *page.primary(place, problem.hint, color, length=problem.length),
            *(line for other in problem.related for line in page.related(other)),
        ]
    )


def pointed(
    place: Place,
    text: str,
    more: Collection[str] = (),
    *,
    source: Source = source_lines,
    secrets: Secrets = _NONE,
    width: int = WIDTH,
) -> Iterator[str]:
    """A place that is no problem, the lines of its frame: `text` with the marks, `more` lines below them."""
    margin = len(str(place.line))
    page = _Page(source, secrets, margin, max(width, _NARROWEST))
    yield from page.primary(place, text, _COLORS["error"], "")
    yield from (f"{' ' * margin} = {printable(each)}" for each in more)


@dataclass(frozen=True, slots=True)
class _Page:
    """What the excerpts of one problem have in common: `margin` is as wide as their longest line number."""

    source: Source
    secrets: Secrets
    margin: int
    width: int

    def primary(
        self, place: Place, hint: str | None, color: str, label: str = "help: ", length: int = 0
    ) -> Iterator[str]:
        """The hint stands behind the marks where there is room for it, and with its label below otherwise."""
        yield f"{self._empty}--> {printable(str(place))}"
        shown = self._excerpt(place, "^", color, length)
        said = printable(hint) if hint else ""
        if said and shown and _columns(f"{click.unstyle(shown[-1])} {said}") <= self.width:
            shown[-1] += f" {said}"
        elif said:
            shown.append(f"{self._empty} = {label}{said}")
        yield from shown

    def related(self, other: Related) -> Iterator[str]:
        """A related place with its line and what it is; one line if it cannot be read."""
        shown = self._excerpt(other.place, "-", _OTHER)
        if not shown:
            yield f"{self._empty} = {printable(str(other))}"
            return
        yield f"{self._empty}::: {printable(str(other.place))}"
        yield from shown[:-1]
        yield f"{shown[-1]} {printable(other.text)}"

    @property
    def _empty(self) -> str:
        return " " * self.margin

    def _excerpt(self, place: Place, mark: str, color: str, length: int = 0) -> list[str]:
        """The line of `place` with marks under what stands there; empty when there is no such line."""
        lines = self.source(place.file) if place.line else ()
        if not 0 < place.line <= len(lines):
            return []
        line = _hidden(*_near(lines[place.line - 1], place.column, _at(place, self.secrets)))
        before, fault = _cut(*line, self.width - self.margin - len(" | "))
        token = line[1][: length or span("".join(line), len(line[0]))]
        marks = mark * max(1, min(_columns(printable(token)), _columns(printable(fault))))
        pointer = " " * _columns(printable(before)) + click.style(marks, fg=color, bold=True)
        return [
            f"{self._empty} |",
            f"{place.line:>{self.margin}} | {printable(before)}{printable(fault)}",
            f"{self._empty} | {pointer}",
        ]


def _at(place: Place, secrets: Secrets) -> Collection[int]:
    return secrets.get((place.file, place.line), ())


def _near(line: str, column: int, secrets: Collection[int]) -> tuple[str, int, Collection[int]]:
    """What of a very long line is near to `column`, and the columns in it: the rest is not shown anyway."""
    left = max(0, column - _FAR)
    return line[left : column + _FAR], column - left, [each - left for each in secrets if each > left]


def _hidden(line: str, column: int, secrets: Collection[int]) -> tuple[str, str]:
    """The line before and from `column`, without what follows one of the columns `secrets` in either."""
    start = max(column, 1) - 1
    first = min((each - 1 for each in secrets if each - 1 < start), default=start)
    second = min((each - 1 for each in secrets if each - 1 >= start), default=len(line))
    before = line[:first] + ("" if first == start else f"{_HIDDEN}… ")
    fault = line[start:second] + ("" if second == len(line) else _HIDDEN)
    rest = _WHOLE.match(fault) if _WITHIN.search(before) else None
    if rest and rest[0].strip():
        fault = _HIDDEN + fault[rest.end() :]
    return _without_secrets(before), _without_secrets(fault)


def _without_secrets(text: str) -> str:
    """The same without what stands behind the name of a secret: the schema knows no key that is misspelt."""
    return without_credentials(_NAMED.sub(rf"\1{_HIDDEN}", text))


def _cut(before: str, fault: str, room: int) -> tuple[str, str]:
    """The two parts of a line, tabs made spaces, in `room` columns; what is left out is marked."""
    before, fault = before.replace("\t", " "), fault.replace("\t", " ")
    most = max(room // 2, room - _columns(printable(fault)))
    if _columns(printable(before)) > most:
        before = "…" + _end(before, most - 1)
    left = room - _columns(printable(before))
    return before, fault if _columns(printable(fault)) <= left else _start(fault, left - 1) + "…"


def _start(text: str, room: int) -> str:
    """As much from the start of `text` as takes at most `room` columns."""
    taken = 0
    for at, letter in enumerate(text):
        taken += _columns(printable(letter))
        if taken > room:
            return text[:at]
    return text


def _end(text: str, room: int) -> str:
    return _start(text[: -room * 2 - 1 : -1], room)[::-1]


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
