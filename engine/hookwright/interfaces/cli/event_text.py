"""One event type in full, as people read it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click

from hookwright.schemas.catalogue import CatalogueEvent
from hookwright.schemas.payload import Payload, load_family

from ..event_types import DeclaredEvent
from ..printable import printable

_STATUS_WIDTH = 8
_SIDES = "fields (of Before and of After)"


def describe_event(event: CatalogueEvent | DeclaredEvent) -> str:
    """Several lines: its names, how they are known, its fields, a sample, and the call that carries it."""
    lines = _declared(event) if isinstance(event, DeclaredEvent) else _catalogued(event)
    return "\n".join(lines)


def query(event_type: str) -> str:
    """What a webhook's call has in its URL, its id left open."""
    return f"entityType=webhook&entityId=ID&eventType={event_type}"


def _declared(event: DeclaredEvent) -> Iterator[str]:
    yield click.style(printable(event.type), bold=True)
    if event.label:
        yield f"  {printable(event.label)}"
    yield "  declared in the bundle; what its data looks like is not written down there"


def _catalogued(event: CatalogueEvent) -> Iterator[str]:
    payload = event.payload
    family = load_family(event.catalogue, event.family)
    yield f"{click.style(event.label, bold=True)}  {event.type}"
    facts = {
        "type": event.status,
        "number": "" if event.number is None else str(event.number),
        "family": f"{event.family}: {family.description}",
        "payload": f"{payload.status}: {payload.source}",
    }
    yield from (f"  {name:<{_STATUS_WIDTH}}  {text}" for name, text in facts.items() if text)
    yield from ("", _SIDES if payload.shape == "change" else "fields", *_fields(payload))
    yield from ("", "sample", *_json(payload.sample))
    yield from ("", "on the wire", f"  POST <url>?{query(event.type)}")
    yield from _json(payload.body) if payload.shape == "list" else ["  with the sample as the body"]


def _fields(payload: Payload) -> Iterator[str]:
    width = max(len(field.name) for field in payload.fields)
    yield from (f"  {field.name:<{width}}  {field.meaning}" for field in payload.fields)


def _json(value: object) -> Iterator[str]:
    yield from (f"  {line}" for line in json.dumps(value, indent=2, ensure_ascii=False).splitlines())
