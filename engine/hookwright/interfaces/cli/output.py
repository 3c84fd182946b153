"""What a command prints on standard output: JSON with `format_version`, or text in columns."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import click

from ..printable import printable

FORMAT_VERSION = "1.0"  # readers ignore members they do not know, and refuse another first number
Output: TypeAlias = Literal["text", "json", "ndjson"]


def print_document(value: Mapping[str, Any]) -> None:
    """One JSON document, indented."""
    click.echo(json.dumps({"format_version": FORMAT_VERSION, **value}, indent=2))


def print_lines(values: Iterable[Mapping[str, Any]]) -> None:
    """One JSON object a line; each carries `format_version`, so that a line alone can be read."""
    for value in values:
        click.echo(json.dumps({"format_version": FORMAT_VERSION, **value}, separators=(",", ":")))


def print_columns(heads: Sequence[str], rows: Iterable[Sequence[str]], colors: Mapping[str, str]) -> None:
    """Text in columns as wide as their widest cell. A cell that is a key of `colors` is coloured so."""
    shown = [tuple(heads), *(tuple(printable(cell) for cell in row) for row in rows)]
    widths = [max(len(row[column]) for row in shown) for column in range(len(heads) - 1)]
    for number, row in enumerate(shown):
        cells = [
            _styled(cell.ljust(width), colors.get(cell), bold=number == 0)
            for cell, width in zip(row, (*widths, 0), strict=True)
        ]
        click.echo("  ".join(cells).rstrip())


def _styled(text: str, color: str | None, *, bold: bool) -> str:
    return click.style(text, fg=color, bold=bold or None) if color or bold else text


def note(message: str) -> None:
    """A line for people, on standard error, so that standard output stays data."""
    click.echo(printable(message), err=True)


def print_each(value: Mapping[str, Any], output: Output) -> None:
    """One of a stream of values: a line of its own for `ndjson`, a document of its own for `json`."""
    if output == "json":
        print_document(value)
    else:
        print_lines([value])
