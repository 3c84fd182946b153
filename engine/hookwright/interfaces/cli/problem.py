"""`hookwright problem`: what a code of `validate` means, with an example that has it and one that has not."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from hookwright.schemas.codes import CODES, Code
from hookwright.schemas.explanation import ExampleFile, Explanation, explanation
from hookwright.schemas.nearest import nearest
from hookwright.schemas.problem import Problem

from ..examples import laid_out, problems_of
from .commands import command
from .exits import Exit, Stop
from .frames import frames
from .options import shared
from .output import Output, print_columns, print_document, print_each, print_lines
from .problem_document import problem_document
from .source import Source, source_lines

_HEADS = ("CODE", "PROBLEM", "MEANING")


@command()
@click.argument("code", required=False)
@shared("output")
def problem(code: str | None, output: Output) -> None:
    """Explain CODE, such as HW012: what it means, why it is refused, a wrong example and a right one.

    Without CODE all of them are listed. What is said of the wrong example is what `validate` says of it.
    """
    if code is None:
        _list(output)
        return
    explained = explanation(_known(code))
    if output == "text":
        click.echo(explain(explained))
    else:
        print_each(_document(explained), output)


def explain(explained: Explanation) -> str:
    """The whole explanation as text, without a line break at its end."""
    entry = explained.code
    _, shown = _judged(explained.wrong)
    parts = [
        f"{click.style(entry.code, bold=True)}: {entry.title}\n{entry.meaning}",
        explained.why,
        *_shown("Wrong", explained.wrong),
        "`hookwright validate` says of it:",
        textwrap.indent(shown, "    "),
        *_shown("Right", explained.right),
    ]
    return "\n\n".join(parts)


def _list(output: Output) -> None:
    found = [_summary(entry) for entry in CODES.values()]
    if output == "json":
        print_document({"problems": found})
    elif output == "ndjson":
        print_lines(found)
    else:
        print_columns(_HEADS, [tuple(each.values()) for each in found], {})


def _known(code: str) -> str:
    """The code as it is written in the table: `hw12` and `12` are HW012, too."""
    number = code.upper().removeprefix("HW")
    wanted = f"HW{number:0>3}"
    if wanted in CODES:
        return wanted
    near = " or ".join(nearest(wanted, CODES))
    hint = f"did you mean {near}?" if near else "`hookwright problem` lists all"
    raise Stop(Exit.NOTHING, f"no problem has the code {code!r}; {hint}")


def _judged(files: Sequence[ExampleFile]) -> tuple[tuple[Problem, ...], str]:
    """The problems of an example, and how `validate` shows them."""
    with laid_out(files) as folder:
        problems = problems_of(folder)
        return problems, "\n\n".join(frames(problems, lines_in(folder)))


def lines_in(folder: Path) -> Source:
    """Gives the lines of a file that is named from `folder`."""
    return lambda name: source_lines(str(folder / name))


def _shown(title: str, files: Sequence[ExampleFile]) -> Iterator[str]:
    for file in files:
        yield f"{title}, {file.name}:"
        yield textwrap.indent(file.shown.rstrip("\n"), "    ")


def _summary(entry: Code) -> dict[str, str]:
    return {"code": entry.code, "title": entry.title, "meaning": entry.meaning}


def _document(explained: Explanation) -> dict[str, Any]:
    problems, _ = _judged(explained.wrong)
    return {
        **_summary(explained.code),
        "why": explained.why,
        "wrong": {
            "files": [_file(file) for file in explained.wrong],
            "problems": [problem_document(each) for each in problems],
        },
        "right": {"files": [_file(file) for file in explained.right]},
    }


def _file(file: ExampleFile) -> dict[str, str]:
    return {"name": file.name, "link" if file.link else "text": file.text}
