"""The forms in which `validate` reports: for people, for programs, for code hosts."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import click

from hookwright.rules.model import Subscriber
from hookwright.schemas.problem import Problem

from .frames import WIDTH, frames
from .output import print_document, print_lines
from .problem_document import problem_document
from .source import Source, source_lines
from .subscriber_document import subscriber_document

Form: TypeAlias = Literal["text", "json", "ndjson", "github", "sarif"]
AUTO = "auto"


def form_of(choice: str) -> Form:
    """The form that is meant: `auto` is `github` on GitHub Actions, and `text` everywhere else."""
    if choice == AUTO:
        return "github" if os.environ.get("GITHUB_ACTIONS") == "true" else "text"
    found: Form = choice  # type: ignore[assignment]  # click has checked it
    return found


@dataclass(frozen=True, slots=True)
class Findings:
    """All problems of some bundles, whether they are valid, and their subscribers where they are.

    `source` gives the lines of their files.
    """

    problems: Sequence[Problem]
    valid: bool
    subscribers: Sequence[Subscriber] = ()
    source: Source = source_lines


def report(findings: Findings, form: Form) -> None:
    """Print the findings on standard output in this form."""
    FORMS[form](findings)


def _text(findings: Findings) -> None:
    for text in frames(findings.problems, findings.source, shown_width()):
        click.echo(text + "\n")


def shown_width() -> int:
    """Of the terminal; what goes into a file or a pipe is as wide everywhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDTH


def _json(findings: Findings) -> None:
    problems = [problem_document(problem) for problem in findings.problems]
    subscribers = [subscriber_document(subscriber) for subscriber in findings.subscribers]
    print_document({"valid": findings.valid, "problems": problems, "subscribers": subscribers})


def _ndjson(findings: Findings) -> None:
    print_lines(problem_document(problem) for problem in findings.problems)


def _github(findings: Findings) -> None:
    from .github import commands  # noqa: PLC0415 - only on a pipeline

    for line in commands(findings.problems, findings.source):
        click.echo(line)


def _sarif(findings: Findings) -> None:
    from .sarif import sarif_log  # noqa: PLC0415 - it reads every explanation

    click.echo(json.dumps(sarif_log(findings.problems, findings.source), indent=2))


FORMS: Mapping[Form, Callable[[Findings], None]] = {
    "text": _text,
    "json": _json,
    "ndjson": _ndjson,
    "github": _github,
    "sarif": _sarif,
}
