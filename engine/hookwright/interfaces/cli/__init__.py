"""The command line: `hookwright COMMAND`, one command a file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import NoReturn

import click

from .commands import Root, run


def _print_version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version  # noqa: PLC0415 - slow to import and needed only here

        click.echo(f"hookwright {version('hookwright')}")
        ctx.exit()


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version and leave.",
)
def root() -> None:
    """Turn events into webhook calls; who gets what, when and how is YAML in git."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs `hookwright` with `arguments` (default: the process's own) and ends the process."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a locale without some letter must not end a command
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(root, arguments))
