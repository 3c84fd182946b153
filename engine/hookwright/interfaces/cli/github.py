"""Problems as workflow commands of GitHub Actions, which shows them beside the lines of a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hookwright.schemas.problem import Problem, Severity

from ..printable import printable
from .repository import in_repository
from .source import Source, source_lines
from .span import columns

SHOWN = 10  # annotations of one severity that GitHub shows for one step; it drops the others without a word


def commands(problems: Sequence[Problem], source: Source = source_lines) -> Iterator[str]:
    """A line each, all of them: what GitHub does not show still stands in the log, and a notice says so."""
    yield from (_command(problem, source) for problem in problems)
    hidden: dict[Severity, int] = {each: _hidden(problems, each) for each in ("error", "warning")}
    if any(hidden.values()):
        yield _line("notice", {"title": "hookwright validate"}, _beyond(hidden))


def _command(problem: Problem, source: Source) -> str:
    place = problem.place
    properties: dict[str, object] = {"file": in_repository(place.file)}
    if place.line:
        properties |= {"line": place.line, "col": place.column}
        if found := columns(place, source, problem.length):
            properties["endColumn"] = found[1]
    hint = [problem.hint] if problem.hint else []
    text = [f"{place}: {problem.message}", *hint, *map(str, problem.related)]
    return _line(problem.severity, {**properties, "title": problem.code}, "\n".join(map(printable, text)))


def _line(command: str, properties: Mapping[str, object], message: str) -> str:
    """As GitHub's own toolkit writes it: in a property a colon and a comma are escaped, too."""
    said = ",".join(
        f"{name}={_escaped(str(value)).replace(':', '%3A').replace(',', '%2C')}"
        for name, value in properties.items()
    )
    return f"::{command} {said}::{_escaped(message)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _hidden(problems: Sequence[Problem], severity: Severity) -> int:
    return max(0, sum(problem.severity == severity for problem in problems) - SHOWN)


def _beyond(hidden: Mapping[Severity, int]) -> str:
    more = " and ".join(
        f"{count} more {severity}{'s' if count > 1 else ''}" for severity, count in hidden.items() if count
    )
    return (
        f"GitHub shows {SHOWN} errors and {SHOWN} warnings of a step: {more} in its log, or all with -o sarif"
    )
