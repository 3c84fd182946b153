"""`hookwright events`: which event types there are, and what each of them carries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from hookwright.plugins.loader import load_plugins
from hookwright.schemas.catalogue import CatalogueError, CatalogueEvent

from ..bundle import Bundle
from ..event_types import DeclaredEvent, EventTypes, event_types
from .commands import Command
from .event_text import describe_event, query
from .exits import Exit, Stop
from .options import AnyFunction, option, shared
from .output import Output, print_columns, print_document, print_each, print_lines

_HEADS = ("LABEL", "TYPE", "NUMBER", "FAMILY", "TYPE IS", "PAYLOAD IS")
_NO_FILES = "HW107"


class _Events(click.Group):
    command_class = Command


@click.group(cls=_Events, context_settings={"help_option_names": ["-h", "--help"]})
def events() -> None:
    """Look up event types: their names, their fields, and a sample of each."""


def _config(function: AnyFunction) -> AnyFunction:
    decorate = option(
        "--config",
        type=click.Path(path_type=Path),
        help="Bundle whose own event types are listed, too: a folder or a file.",
    )
    return decorate(shared("plugins", "output")(function))


@events.command("list")
@option("--family", metavar="NAME", help="Only those whose data has this shape: lead, activity, task, …")
@option("--search", metavar="TEXT", help="Only those with TEXT in their label or type, in any case.")
@_config
def list_(
    family: str | None, search: str | None, config: Path | None, plugins: tuple[str, ...], output: Output
) -> None:
    """List event types: those of LeadSquared, and with --config those a bundle declares.

    A type is documented when LeadSquared's own pages print it and modelled when it follows its siblings. What
    is known of its payload is told apart from that: documented, observed in real calls, or modelled.
    """
    known = _known(config, plugins)
    if family is not None and family not in known.families():
        raise click.BadParameter(
            f"{family!r} is none of {', '.join(known.families())}", param_hint="--family"
        )
    with _readable():
        found = [_summary(event) for event in _chosen(known, family, (search or "").casefold())]
    if not found:
        raise Stop(Exit.NOTHING, f"no event type has {search!r} in its label or type")
    if output == "json":
        print_document({"events": found})
    elif output == "ndjson":
        print_lines(found)
    else:
        print_columns(_HEADS, [tuple(str(cell or "") for cell in each.values()) for each in found], {})


@events.command()
@click.argument("type_", metavar="TYPE")
@_config
def show(type_: str, config: Path | None, plugins: tuple[str, ...], output: Output) -> None:
    """Show an event type, named by its type or its label: fields, a sample, and the call that carries it."""
    known = _known(config, plugins)
    event = known.find(type_)
    if event is None:
        raise Stop(Exit.NOTHING, unknown_type(type_, known))
    with _readable():
        if output == "text":
            click.echo(describe_event(event))
        else:
            print_each({**_summary(event), **_details(event)}, output)


def unknown_type(name: str, known: EventTypes) -> str:
    """A sentence for a type nobody knows, with the nearest names."""
    near = " or ".join(known.nearest(name))
    hint = f"did you mean {near}?" if near else "`hookwright events list` shows all"
    return f"no event type {name!r}; {hint}"


def _known(config: Path | None, plugins: tuple[str, ...]) -> EventTypes:
    with _readable():
        if config is None:
            return event_types()
        loaded = Bundle(config, load_plugins(allow=plugins or None)).load()
        if loaded.errors:
            end = Exit.NOTHING if loaded.errors[0].code == _NO_FILES else Exit.NO
            raise Stop(end, f"{loaded.errors[0]}; `hookwright validate {config}` shows all")
        return event_types(loaded.source)


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except CatalogueError as error:
        raise Stop(Exit.NO, f"the catalogue cannot be used: {error}") from None


def _chosen(known: EventTypes, family: str | None, search: str) -> Iterator[CatalogueEvent | DeclaredEvent]:
    for event in known.all:
        if family in (None, event.family) and search in f"{event.label}\n{event.type}".casefold():
            yield event


def _summary(event: CatalogueEvent | DeclaredEvent) -> dict[str, Any]:
    catalogued = event if isinstance(event, CatalogueEvent) else None
    return {
        "label": event.label,
        "type": event.type,
        "number": catalogued.number if catalogued else None,
        "family": event.family or None,
        "status": catalogued.status if catalogued else "declared",
        "payload": catalogued.payload.status if catalogued else None,
    }


def _details(event: CatalogueEvent | DeclaredEvent) -> dict[str, Any]:
    if isinstance(event, DeclaredEvent):
        return {}
    payload = event.payload
    return {
        "source": payload.source,
        "shape": payload.shape,
        "fields": [{"name": field.name, "meaning": field.meaning} for field in payload.fields],
        "sample": payload.sample,
        "wire": {"query": query(event.type), "body": payload.body},
    }
