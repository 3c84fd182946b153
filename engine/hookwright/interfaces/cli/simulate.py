"""`hookwright simulate`: a timeline of events and answers, played without a server on a clock that jumps."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from hookwright.engine.instant import timestamp
from hookwright.engine.simulation.happening import Happening
from hookwright.engine.simulation.timeline import Timeline, read_timeline
from hookwright.engine.simulation.world import live_through
from hookwright.plugins.loader import load_plugins
from hookwright.rules.compile import compile_table
from hookwright.rules.load import Loaded
from hookwright.rules.source import Source
from hookwright.schemas.grammar import spelt
from hookwright.schemas.problem import Problem

from .. import logs
from ..bundle import Bundle
from ..printable import printable
from .commands import command
from .exits import Exit, Stop
from .options import option, shared
from .output import Output, note, print_document, print_lines
from .reports import Findings, report
from .validate import NO_FILES

_COLORS = {"event": "cyan", "run": "magenta", "step": "magenta", "batch": "blue", "switched": "red"}


@command()
@click.argument("timeline", type=click.Path(path_type=Path, readable=False))
@click.argument("bundle", type=click.Path(path_type=Path, readable=False), default=Path())
@option("--seed", type=int, default=0, help="What spreads the retries: another seed, other milliseconds.")
@option("--allow-undeclared-events", is_flag=True, help="Let webhooks name event types nobody declared.")
@shared("plugins", "output")
def simulate(
    timeline: Path,
    bundle: Path,
    seed: int,
    allow_undeclared_events: bool,
    plugins: tuple[str, ...],
    output: Output,
) -> Exit:
    """Play TIMELINE, a YAML file of events and answers, under BUNDLE (default: the current folder).

    Time jumps from one thing to the next, so weeks take a moment. What decides is what decides on a server:
    matching, batches, retries, schedules, rates, breakers. Nothing is contacted, no secret is read, nothing
    is kept. `hookwright schema timeline` describes the file. Exits with 1 when it, or the bundle, is wrong.
    """
    logs.configure(level=logging.ERROR)  # what a server would log is told as what happens
    loaded_plugins = load_plugins(allow=plugins or None)
    for left_out in loaded_plugins.problems:
        note(f"warning: {left_out}")
    loaded = Bundle(bundle, loaded_plugins, allow_undeclared_events=allow_undeclared_events).load()
    source = _source(loaded, bundle)
    assert loaded.model is not None
    played = read_timeline(timeline, compile_table(loaded.model))
    if not isinstance(played, Timeline):
        return _refused(played)
    happenings = live_through(played, source, loaded_plugins, seed=seed)
    _print(happenings, played, output)
    return Exit.FINE


def _source(loaded: Loaded, bundle: Path) -> Source:
    if loaded.source is None:
        first = loaded.errors[0]
        end = Exit.NOTHING if first.code == NO_FILES else Exit.NO
        raise Stop(end, f"{first}; `hookwright validate {bundle}` shows all")
    return loaded.source


def _refused(problems: tuple[Problem, ...]) -> Exit:
    report(Findings(problems, valid=False), "text")
    return Exit.NO


def _print(happenings: Sequence[Happening], timeline: Timeline, output: Output) -> None:
    values = [_document(each, timeline) for each in happenings]
    if output == "json":
        print_document({"start": timestamp(timeline.start), "happenings": values})
    elif output == "ndjson":
        print_lines(values)
    else:
        _print_text(happenings, timeline)


def _document(happening: Happening, timeline: Timeline) -> Mapping[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(happening)
    return {**fields, "at": timestamp(happening.at), "after_ms": happening.at - timeline.start}


def _print_text(happenings: Sequence[Happening], timeline: Timeline) -> None:
    rows = [(_after(each.at - timeline.start), each.kind, each.subject, each.text) for each in happenings]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    for after, kind, subject, text in rows:
        styled = click.style(kind.ljust(widths[1]), fg=_COLORS.get(kind))
        line = f"{after.rjust(widths[0])}  {styled}  {printable(subject).ljust(widths[2])}  {printable(text)}"
        click.echo(line.rstrip())
    ends = Counter(
        str(each.fields["status"]) for each in happenings if each.delivery and "status" in each.fields
    )
    summary = ", ".join(f"{count} {word}" for word, count in sorted(ends.items())) or "none"
    note(f"began {timestamp(timeline.start)}; deliveries that ended: {summary}")


def _after(milliseconds: int) -> str:
    return f"+{spelt(milliseconds)}"
