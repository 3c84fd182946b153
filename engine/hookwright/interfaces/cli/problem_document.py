"""A problem as JSON: what `validate -o json` and `problem -o json` print."""

from __future__ import annotations

from typing import Any

from hookwright.schemas.problem import Place, Problem


def problem_document(problem: Problem) -> dict[str, Any]:
    """Every member is always there; line and column are None for a problem of a whole file."""
    return {
        "code": problem.code,
        "severity": problem.severity,
        "message": problem.message,
        "hint": problem.hint,
        **_place(problem.place),
        "path": problem.path,
        "related": [{**_place(each.place), "text": each.text} for each in problem.related],
    }


def _place(place: Place) -> dict[str, Any]:
    return {"file": place.file, "line": place.line or None, "column": place.column or None}
