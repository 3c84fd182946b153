"""The warnings about the `match` of a subscriber, with their places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hookwright.schemas.problem import Problem, Related

from ..bundle import Part
from ..pattern import Pattern
from .data import Data
from .finding import Finding
from .pattern import pattern_findings

KEY = "match"


def pattern_warnings(part: Part, pattern: Pattern, known: Sequence[Data]) -> Iterator[Problem]:
    """Those about `pattern`, which stands in `part`; `known` is the data of all events that it is put to."""
    written = part.value[KEY]
    for finding in pattern_findings(pattern, written, known) if isinstance(written, dict) else ():
        yield _told(part, finding)


def _told(part: Part, finding: Finding) -> Problem:
    related: tuple[Related, ...] = ()
    if finding.other is not None:
        related = (Related(part.place(KEY, *finding.other), finding.role),)
    return part.problem(
        finding.code,
        finding.message,
        KEY,
        *finding.at,
        hint=finding.hint,
        severity="warning",
        key=finding.key,
        related=related,
    )
