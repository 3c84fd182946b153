"""The forms in which `validate` reports: for people, for programs, for code hosts."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeAlias

import click

from hookwright.schemas.problem import Problem

from .frames import WIDTH, frames
from .output import print_document, print_lines
from .problem_document import problem_document

Form: TypeAlias = Literal["text", "json", "ndjson", "github", "sarif"]
AUTO = "auto"


def form_of(choice: str) -> Form:
    """The form that is meant: `auto` is `github` on GitHub Actions, and `text` everywhere else."""
    if choice == AUTO:
        return "github" if os.environ.get("GITHUB_ACTIONS") == "true" else "text"
    found: Form = choice  # type: ignore[assignment]  # click has checked it
    return found


def report(problems: Sequence[Problem], form: Form, *, valid: bool) -> None:
    """Print all problems on standard output in this form."""
    FORMS[form](problems, valid)


def _text(problems: Sequence[Problem], _valid: bool) -> None:
    for text in frames(problems, width=shown_width()):
        click.echo(text + "\n")


def shown_width() -> int:
    """Of the terminal; what goes into a file or a pipe is as wide everywhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDTH


def _json(problems: Sequence[Problem], valid: bool) -> None:
    print_document({"valid": valid, "problems": [problem_document(problem) for problem in problems]})


def _ndjson(problems: Sequence[Problem], _valid: bool) -> None:
    print_lines(problem_document(problem) for problem in problems)


def _github(problems: Sequence[Problem], _valid: bool) -> None:
    from .github import commands  # noqa: PLC0415 - only on a pipeline

    for line in commands(problems):
        click.echo(line)


def _sarif(problems: Sequence[Problem], _valid: bool) -> None:
    from .sarif import sarif_log  # noqa: PLC0415 - it reads every explanation

    click.echo(json.dumps(sarif_log(problems), indent=2))


FORMS: Mapping[Form, Callable[[Sequence[Problem], bool], None]] = {
    "text": _text,
    "json": _json,
    "ndjson": _ndjson,
    "github": _github,
    "sarif": _sarif,
}
