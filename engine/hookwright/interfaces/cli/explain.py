"""`hookwright explain`: for every subscriber why it gets an event or does not, without a server."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from hookwright.engine.intake.fitting import check_events
from hookwright.engine.intake.rejected import Rejected
from hookwright.engine.intake.rendering import Rendering
from hookwright.plugins.loader import load_plugins
from hookwright.rules.bundle import Bundle as Parts
from hookwright.rules.compile import compile_table
from hookwright.rules.explain import Explainer
from hookwright.rules.hours import is_open
from hookwright.rules.model import Model
from hookwright.rules.several import shared_ids
from hookwright.rules.table import RoutingTable
from hookwright.schemas.nearest import did_you_mean
from hookwright.schemas.problem import Problem

from ..bundle import Bundle
from ..overrides import Override
from .commands import command
from .event_body import parse_overrides
from .exits import Exit, Stop
from .explained import Explained, Summary
from .explanation_document import document
from .explanation_document import lines as explained_lines
from .explanation_text import Lines, explanation_text
from .frames import secrets_in
from .given_event import UNNAMED, GivenEvent, given_event
from .options import option, shared
from .output import Output, note, print_document, print_lines
from .reports import shown_width
from .validate import NO_FILES

_NAMED = 20  # subscribers that are listed when another one was asked for


@command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, readable=False))
@option(
    "-e",
    "--event",
    "event_",
    metavar="FILE|-",
    help='File with the event, or stdin: a CloudEvent, or {"type": ..., "data": ...}.',
)
@option("-t", "--type", "type_", metavar="TYPE", help="Event type or its label, in place of --event.")
@option(
    "-d",
    "--data",
    metavar="JSON|@FILE|-",
    help="The data beside --type: JSON text, a file, or stdin. Default: the catalogue's sample of that type.",
)
@option(
    "--set",
    "set_",
    metavar="data.FIELD=TEXT",
    multiple=True,
    callback=parse_overrides,
    help="Set one field of the data beside --type (repeatable): data.Score=71 as text, := as JSON.",
)
@option("--why-not", metavar="ID", help="Only this subscriber, in full; exit with 1 if it gets the event.")
@option("--all", "all_", is_flag=True, help="Every subscriber in full, those for other events, too.")
@option("--render", is_flag=True, help="Show the exact request each action would send; no secret is read.")
@option("--allow-undeclared-events", is_flag=True, help="Let webhooks name event types nobody declared.")
@shared("plugins", "output")
def explain(  # noqa: PLR0913, PLR0917  # one parameter a flag
    paths: tuple[Path, ...],
    event_: str | None,
    type_: str | None,
    data: str | None,
    set_: tuple[Override, ...],
    why_not: str | None,
    all_: bool,
    render: bool,
    allow_undeclared_events: bool,
    plugins: tuple[str, ...],
    output: Output,
) -> Exit:
    """Explain which subscribers of bundles (default: the current folder) get an event, and why others do not.

    Each clause that decides is shown with its line and the value the event has there. Nothing is contacted,
    sent or kept. Exits with 0 whoever gets it; with --why-not 1 means that it does, and 5 that it is unknown.
    """
    given = given_event(event_, type_, data, set_)
    loaded_plugins = load_plugins(allow=plugins or None)
    for left_out in loaded_plugins.problems:
        note(f"warning: {left_out}")
    bundles = [
        _loaded(Bundle(path, loaded_plugins, allow_undeclared_events=allow_undeclared_events), path)
        for path in paths or (Path(),)
    ]
    for clash in shared_ids(parts for _, parts, _ in bundles):
        raise Stop(Exit.NO, str(clash))
    tables = [compile_table(model) for model, _, _ in bundles]
    rendering = Rendering(loaded_plugins, time.time()) if render else None
    now = int(time.time() * 1000)
    explained = [
        each
        for (model, parts, _), table in zip(bundles, tables, strict=True)
        for each in _explained(Explainer(model, parts, now), table, given, rendering)
    ]
    chosen = explained if why_not is None else [_named(explained, why_not)]
    selected = sum(each.explanation.selected for each in explained)
    summary = Summary(given, _rejected(given, tables), selected, len(explained))
    for remark in _remarks(summary, chosen):
        note(remark)
    lines = Lines(shown_width(), secrets_in([each for _, _, warnings in bundles for each in warnings]))
    _print(summary, chosen, lines, output, full=all_ or why_not is not None)
    return Exit.NO if why_not is not None and chosen[0].explanation.selected else Exit.FINE


def _loaded(bundle: Bundle, path: Path) -> tuple[Model, Parts, Sequence[Problem]]:
    """What the bundle says, its parts and the warnings about it."""
    loaded = bundle.load()
    if loaded.model is None or loaded.bundle is None:
        first = loaded.errors[0]
        end = Exit.NOTHING if first.code == NO_FILES else Exit.NO
        raise Stop(end, f"{first}; `hookwright validate {path}` shows all")
    return loaded.model, loaded.bundle, loaded.problems


def _explained(
    explainer: Explainer, table: RoutingTable, given: GivenEvent, rendering: Rendering | None
) -> Iterator[Explained]:
    selected = (each.subscriber for each in table.select(given.event) if each.fault is None)
    getting = {
        each.id: each
        for each in selected
        if not each.skip_outside or is_open(each.skip_outside, explainer.now)
    }
    for explanation in explainer.explain(given.event):
        subscriber = getting.get(explanation.id)
        if explanation.selected != (subscriber is not None):
            raise AssertionError(f"the explanation of {explanation.name} is not what the matcher answers")
        calls = rendering if subscriber is None or subscriber.automation is None else None
        requests = calls.requests(given.event, subscriber) if calls and subscriber else ()
        yield Explained(explanation, tuple(requests))


def _rejected(given: GivenEvent, tables: Sequence[RoutingTable]) -> Rejected | None:
    """Why the event would not come in, where no bundle takes it."""
    rejected: Rejected | None = None
    for table in tables:
        try:
            check_events(given.incoming, table)
        except Rejected as error:
            rejected = rejected or error
        else:
            return None
    return rejected


def _named(explained: Sequence[Explained], name: str) -> Explained:
    """The subscriber of that id, with or without its kind before it."""
    for each in explained:
        if name in (each.explanation.id, each.explanation.name):
            return each
    known = [each.explanation.id for each in explained]
    hint = did_you_mean(name.rpartition("/")[2], known) or f"there are: {', '.join(known[:_NAMED]) or 'none'}"
    raise Stop(Exit.NOTHING, f"no subscriber {name!r}; {hint}")


def _remarks(summary: Summary, chosen: Sequence[Explained]) -> Iterator[str]:
    """What is not about one subscriber, for people."""
    asks = any(stage == "source" for each in chosen for stage, _ in each.explanation.stages)
    if asks and not summary.given.has_source:
        yield f"note: the event names no source; a server fills in its own, {UNNAMED}"
    if not summary.given.has_id and any(each.requests for each in chosen):
        yield "note: the event has no id yet, so webhook-id will be another one"


def _print(
    summary: Summary, chosen: Sequence[Explained], lines: Lines, output: Output, *, full: bool
) -> None:
    if output == "json":
        print_document(document(summary, chosen))
    elif output == "ndjson":
        print_lines(explained_lines(summary, chosen))
    else:
        click.echo(explanation_text(summary, chosen, lines, full=full))
