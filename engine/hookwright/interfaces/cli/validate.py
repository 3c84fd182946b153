"""`hookwright validate`: every problem of a bundle, with its position."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from hookwright.plugins.loader import load_plugins
from hookwright.plugins.registry import Plugins
from hookwright.rules.collector import held_back
from hookwright.rules.consequences import in_order
from hookwright.rules.load import Loaded
from hookwright.rules.several import shared_ids
from hookwright.schemas.problem import Problem

from ..bundle import Bundle
from .commands import command
from .exits import Exit
from .options import option, shared
from .output import note
from .reports import AUTO, FORMS, Findings, form_of, report
from .standard_input import NAME, PATH, read_typed, source_with

NO_FILES = "HW107"  # the code of a bundle without any file


@command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, readable=False))
@option("--strict", is_flag=True, help="Warnings fail, too.")
@option("--allow-undeclared-events", is_flag=True, help="Let webhooks name event types nobody declared.")
@option(
    "-o",
    "--output",
    type=click.Choice([AUTO, *FORMS]),
    default=AUTO,
    help="Form of the report on standard output. Auto: github on GitHub Actions, else text.",
)
@shared("plugins")
@held_back()
def validate(
    paths: tuple[Path, ...],
    strict: bool,
    allow_undeclared_events: bool,
    plugins: tuple[str, ...],
    output: str,
) -> Exit:
    """Check bundles, each a folder or one file (default: the current folder), and report every problem.

    A PATH of `-` is a file that is read from standard input.

    Several bundles are checked as if they lived together: no id may be in two of them.

    Nothing is contacted and no secret is read. Exits with 1 for errors and with 5 when there is no file.
    """
    loaded_plugins = load_plugins(allow=plugins or None)
    for left_out in loaded_plugins.problems:
        note(f"warning: {left_out}")
    typed = read_typed(paths)
    bundles = [
        _load(path, loaded_plugins, typed, undeclared=allow_undeclared_events) for path in paths or (Path(),)
    ]
    problems = _all_problems(bundles)
    end = _exit(problems, strict=strict)
    form = form_of(output)
    valid = [each.model for each in bundles if each.model is not None]
    subscribers = [subscriber for model in valid for subscriber in model.subscribers]
    report(Findings(problems, end is Exit.FINE, subscribers, source_with(typed)), form)
    if problems and form == "text":
        note(f"`hookwright problem {problems[0].code}` explains the first one, with examples")
    note(_summary(problems, bundles, valid=end is Exit.FINE))
    return end


def _load(path: Path, plugins: Plugins, typed: bytes | None, *, undeclared: bool) -> Loaded:
    if path == PATH:
        return Bundle(NAME, plugins, allow_undeclared_events=undeclared, text=typed).load()
    return Bundle(path, plugins, allow_undeclared_events=undeclared).load()


def _all_problems(bundles: Sequence[Loaded]) -> list[Problem]:
    """Those of each bundle, and what they say against each other, in the order of the files."""
    found = [problem for bundle in bundles for problem in bundle.problems]
    return in_order([*found, *shared_ids(each.bundle for each in bundles if each.bundle is not None)])


def _exit(problems: Sequence[Problem], *, strict: bool) -> Exit:
    errors = [problem for problem in problems if strict or problem.severity == "error"]
    if errors and all(problem.code == NO_FILES for problem in errors):
        return Exit.NOTHING
    return Exit.NO if errors else Exit.FINE


def _summary(problems: Sequence[Problem], bundles: Sequence[Loaded], *, valid: bool) -> str:
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = len(problems) - errors
    found = f"{_count(errors, 'error')}, {_count(warnings, 'warning')}"
    if not valid:
        return found
    models = [bundle.model for bundle in bundles if bundle.model is not None]
    subscribers = sum(len(model.subscribers) for model in models)
    revisions = ", ".join(model.revision[:19] for model in models)
    return f"valid: {_count(subscribers, 'subscriber')}, {found} (revision {revisions})"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
