"""Reading: what lines of the journal mean to a run."""

from __future__ import annotations

from ..delivery import Status
from ..journal.acceptance import JournalledEvent
from ..journal.opened import Acted
from ..journal.outcome import Settled
from ..journal.sealing import Secret
from ..run.record import CallEnd
from ..run.run import Run
from ..run.trigger import Trigger
from .course import Call
from .emitting import value_in, value_of


def end_of(call: Call, settled: Settled, at: int) -> CallEnd:
    """How a delivery ended, as its run sees it."""
    tried = call.attempt
    value: object = call.emitted or None
    response = tried.response if tried else None
    if tried and tried.lapp:
        value, response = value_in(response.body) if response else None, None
    return CallEnd(
        path=call.path,
        status=settled.status,
        at=at,
        round=call.round,
        delivery=settled.delivery,
        attempts=settled.attempts,
        error=tried.error if tried and settled.status is not Status.SUCCESS else None,
        reason=settled.reason or (tried.reason if tried else ""),
        response=response,
        value=value if settled.status is Status.SUCCESS else None,
    )


def value_for(node: str, acted: Acted) -> dict[str, str]:
    """The event that an action becomes, if it is an emission."""
    return value_of(node, acted.message, acted.emission.type) if acted.emission else {}


def trigger_of(event: JournalledEvent, secret: Secret, at: int) -> Trigger:
    """The event as a run knows it, accepted `at` this time (Unix milliseconds)."""
    return Trigger(
        id=event.id,
        source=event.source,
        type=event.type,
        at=at,
        raw=secret.body,
        time=event.time,
        subject=event.subject,
    )


def events_in(run: Run) -> set[tuple[str, str]]:
    """Source and id of the events that a run holds something of."""
    found = {(run.trigger.source, run.trigger.id)}
    for record in run.records.values():
        output = record.output
        event = output.get("event") if isinstance(output, dict) and "timed_out" in output else None
        if isinstance(event, dict):
            found.add((str(event.get("source")), str(event.get("id"))))
    return found
