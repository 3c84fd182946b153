"""Fitting: whether the events of a request are of declared types, and their data as those types ask."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from hookwright.rules.event import Event
from hookwright.rules.table import RoutingTable

from .door import Incoming
from .rejected import Misplaced, Rejected

MOST_TOLD = 20  # mistakes of one request
EXPLAINED = 32 * 1024  # bytes of data that every mistake is told of


def check_events(incoming: Incoming, table: RoutingTable) -> None:
    """Raises `Rejected` (422) unless all of a request's events may come in: with one, all stay outside."""
    for index, event in enumerate(incoming.events):
        if not table.knows(event.type):
            raise _undeclared(event, table, f"/{index}/type" if incoming.batch else "/type")
    if not table.event_schemas:
        return
    misplaced = tuple(islice(_misplaced(incoming, table), MOST_TOLD))
    if misplaced:
        raise _unfit(misplaced)


def _undeclared(event: Event, table: RoutingTable, pointer: str) -> Rejected:
    near = table.nearest(event.type)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return Rejected(
        422,
        "Undeclared event type",
        f"no event type {event.type!r} is declared{hint} (declare your own under events:)",
        pointer=pointer,
    )


def _misplaced(incoming: Incoming, table: RoutingTable) -> Iterator[Misplaced]:
    """What does not fit, event by event; the first mistake beyond what is explained is the last one told."""
    explained = 0
    for index, event in enumerate(incoming.events):
        schema = table.event_schemas.get(event.type)
        if schema is None or schema.fits(event.data):
            continue
        explained += len(event.raw)
        for misfit in schema.misfits(event.data, thorough=explained <= EXPLAINED):
            pointer = incoming.data_pointer(index) + "".join(f"/{_escaped(step)}" for step in misfit.path)
            yield Misplaced(pointer, f"{event.type}: {misfit.message}")
        if explained > EXPLAINED:
            return


def _unfit(misplaced: tuple[Misplaced, ...]) -> Rejected:
    first, others = misplaced[0], len(misplaced) - 1
    more = "" if not others else " (and more)" if len(misplaced) == MOST_TOLD else f" (and {others} more)"
    detail = f"{first.message}{more}"
    return Rejected(422, "Data does not fit", detail, pointer=first.pointer, problems=misplaced)


def _escaped(step: str | int) -> str:
    """A step of a JSON Pointer (RFC 6901)."""
    return str(step).replace("~", "~0").replace("/", "~1")
