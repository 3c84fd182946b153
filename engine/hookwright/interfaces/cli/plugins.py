"""`hookwright plugins`: what is loaded from where, and whether it keeps its contract."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hookwright.plugins.loader import OURS, load_plugins
from hookwright.plugins.registry import Loaded, Plugins

from ..logs import configure
from ..printable import printable
from .commands import Command
from .exits import Exit, Stop
from .options import shared
from .output import Output, note, print_columns, print_document, print_lines

if TYPE_CHECKING:
    from hookwright.plugins.testing.installed import Checked

_HEADS = ("NAME", "DISTRIBUTION", "VERSION", "HOOKS", "PROVIDES")
_COLORS = {"passed": "green", "skipped": "yellow", "failed": "red"}
_BUILTIN = "built in"


class _Group(click.Group):
    command_class = Command


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
def plugins() -> None:
    """See which plugins are loaded, and hold them to their contract."""


@plugins.command("list")
@shared("plugins", "output")
def list_(plugins: tuple[str, ...], output: Output) -> None:
    """List all plugins, the built-in ones too: where each comes from, its hooks and what it adds.

    One that was left out, such as a plugin that cannot be imported, is listed with the reason.
    """
    loaded = load_plugins(allow=plugins or None)
    if output == "json":
        problems = [
            {"plugin": each.plugin, "distribution": each.distribution, "reason": each.reason}
            for each in loaded.problems
        ]
        print_document({"plugins": [_document(each) for each in loaded.loaded], "problems": problems})
    elif output == "ndjson":
        print_lines(_document(each) for each in loaded.loaded)
    else:
        print_columns(_HEADS, [_row(each) for each in loaded.loaded], {"left out": "red"})
    for problem in loaded.problems:
        note(f"warning: {problem}")


@plugins.command()
@click.argument("names", nargs=-1, metavar="[NAME|MODULE:OBJECT]...")
@shared("plugins", "output")
def check(names: tuple[str, ...], plugins: tuple[str, ...], output: Output) -> Exit:
    """Run the contract checks on plugins: those named, or all that are not built in.

    NAME is an entry point or a distribution that is installed, or a built-in plugin; MODULE:OBJECT is one
    that is not installed (MODULE: for the module itself), looked for in the current folder, too.
    Configurations are made of the examples in the plugin's schemas and secrets are made up; what needs more
    is skipped, for the plugin's own tests. Everything is called for real, in an empty folder.
    """
    loaded = _load(names, plugins)
    chosen = _chosen(loaded, names)
    if not chosen:
        raise Stop(Exit.NOTHING, "no plugin is installed beside the built-in ones")
    with _apart():
        checked = [(plugin, found) for plugin in chosen for found in _checks(plugin, loaded)]
    left_out = [plugin for plugin in chosen if plugin.error is not None]
    _print_checks(checked, output)
    for plugin in left_out:
        note(f"error: the plugin {plugin.name} is left out: {plugin.error}")
    counts = {outcome: sum(found.outcome == outcome for _, found in checked) for outcome in _COLORS}
    note(", ".join(f"{number} {outcome}" for outcome, number in counts.items()))
    return Exit.NO if left_out or counts["failed"] else Exit.FINE


def _load(names: Sequence[str], usual: Sequence[str]) -> Plugins:
    places = [name for name in names if ":" in name]
    if places:
        sys.path.insert(0, str(Path.cwd()))
    allow = [name for name in names if ":" not in name]
    return load_plugins(
        allow=allow if names else usual or None,
        besides={place: lambda place=place: _imported(place) for place in places},  # type: ignore[misc]
    )


def _imported(place: str) -> object:
    module, _, path = place.partition(":")
    found: object = importlib.import_module(module)
    for name in path.split(".") if path else ():
        found = getattr(found, name)
    return found


def _chosen(loaded: Plugins, names: Sequence[str]) -> list[Loaded]:
    """Those asked for. A name that is nothing is refused with the names there are."""
    if not names:
        return [plugin for plugin in loaded.loaded if plugin.distribution != OURS]
    known = {plugin.name for plugin in loaded.loaded} | {plugin.distribution for plugin in loaded.loaded}
    for name in names:
        if name not in known:
            there = ", ".join(sorted(plugin.name for plugin in load_plugins().loaded))
            raise Stop(Exit.NOTHING, f"there is no plugin {name!r}; there are: {there}")
    return [
        plugin
        for plugin in loaded.loaded
        if plugin.name in names or (plugin.distribution in names and plugin.distribution != OURS)
    ]


def _checks(plugin: Loaded, loaded: Plugins) -> Iterator[Checked]:
    from hookwright.plugins.testing.installed import check_contribution  # noqa: PLC0415  # slow to import

    for item in loaded.contributions:
        if f"{item.family} {item.name}" in plugin.provides:
            yield from check_contribution(item, loaded.secrets)


@contextlib.contextmanager
def _apart() -> Iterator[None]:
    """What a plugin prints is not the answer, and what it writes into its folder is nobody's."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="hookwright-check-") as folder:
        os.chdir(folder)
        try:
            with contextlib.redirect_stdout(sys.stderr):
                configure(level=logging.CRITICAL)
                yield
        finally:
            os.chdir(before)


def _print_checks(checked: Sequence[tuple[Loaded, Checked]], output: Output) -> None:
    documents = [
        {
            "plugin": plugin.name,
            "contribution": found.contribution,
            "check": found.check,
            "outcome": found.outcome,
            "detail": found.detail,
        }
        for plugin, found in checked
    ]
    if output == "json":
        print_document({"checks": documents})
    elif output == "ndjson":
        print_lines(documents)
    else:
        for _, found in checked:
            outcome = click.style(f"{found.outcome:<7}", fg=_COLORS[found.outcome])
            click.echo(f"{outcome}  {printable(found.contribution)}: {found.check}")
            if found.detail:
                click.echo(f"         -> {printable(found.detail)}")


def _document(plugin: Loaded) -> dict[str, Any]:
    return {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "hooks": list(plugin.hooks),
        "provides": list(plugin.provides),
        "error": plugin.error,
    }


def _row(plugin: Loaded) -> tuple[str, ...]:
    origin = _BUILTIN if plugin.distribution == OURS else plugin.distribution
    hooks = ", ".join(hook.removeprefix("hookwright_") for hook in plugin.hooks)
    provides = "left out" if plugin.error is not None else ", ".join(plugin.provides)
    return plugin.name, origin, plugin.version, hooks, provides
