"""The event that `explain` is asked about: a file, standard input, or a type with data as `emit` takes it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from hookwright.engine.intake.door import PLAIN, REQUEST_LIMIT, Defaults, Incoming, read_events
from hookwright.engine.intake.rejected import Rejected
from hookwright.rules.event import Event
from hookwright.schemas.document import read_bytes

from ..overrides import Override
from .event_body import draft
from .exits import Exit, Stop

UNNAMED = "/hookwright/NODE"  # what stands for the name that a server would fill in as the source


@dataclass(frozen=True, slots=True)
class GivenEvent:
    """An event as the door reads it; what it left out is filled in, and `has_id`, `has_source` tell."""

    incoming: Incoming
    has_id: bool
    has_source: bool

    @property
    def event(self) -> Event:
        return self.incoming.events[0]


def given_event(
    file: str | None, type_: str | None, data: str | None, set_: Sequence[Override]
) -> GivenEvent:
    """Reads it. Ends the command for one that no server would take, with the place of the fault."""
    if (file is None) == (type_ is None):
        raise click.UsageError("name an event: either --event FILE, or --type TYPE with or without --data")
    if file is not None and (data is not None or set_):
        raise click.UsageError("--data and --set belong to --type; an event of a file is taken as it is")
    if type_ is not None:
        return _read(draft(type_, data, set_).body({}), "--type")
    raw, name = _content(str(file))
    return _read(raw, name)


def _content(file: str) -> tuple[bytes, str]:
    if file == "-":
        return sys.stdin.buffer.read(REQUEST_LIMIT + 1), "standard input"
    try:
        return read_bytes(Path(file), REQUEST_LIMIT + 1), file
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise Stop(Exit.USAGE, f"{file}: {reason}") from None


def _read(raw: bytes, name: str) -> GivenEvent:
    made: list[int] = []

    def event_id(index: int) -> str:
        made.append(index)
        return "evt_unnamed"

    try:
        incoming = read_events(raw, PLAIN, {}, Defaults(UNNAMED, event_id))
    except Rejected as refused:
        place = "".join(f":{number}" for number in refused.position or ())
        where = f" (at {refused.pointer})" if refused.pointer and not refused.position else ""
        raise Stop(Exit.NO, f"{name}{place}: no server takes this: {refused.detail}{where}") from None
    if len(incoming.events) > 1:
        raise Stop(Exit.NO, f"{name}: {len(incoming.events)} events; explain takes one at a time")
    has_source = incoming.events[0].source != UNNAMED
    return GivenEvent(incoming, has_id=not made, has_source=has_source)
