"""The machine: what a run does next. Pure: a crash between two of its answers loses and repeats nothing."""

from __future__ import annotations

from collections.abc import Iterable

from hookwright.rules.automations import FAILURE
from hookwright.rules.event import JSON
from hookwright.rules.steps import Automation

from ..delivery import Status
from .calling import ends_of
from .ending import Ending, Failed, Stopped
from .frame import Frame
from .limits import OverrunError
from .notes import Notes
from .record import CallEnd, StepRecord
from .run import Advance, End, Order, Run
from .trigger import Trigger
from .walk import Walk


def advance(automation: Automation, run: Run, now: int, events: Iterable[Trigger] = ()) -> Advance:
    """Take the steps that can be taken at `now` (Unix milliseconds), from the top past all that ended.

    `events` are those since the run began that some `wait_for` of the automation may want, oldest first, and
    members of batches among them; they are only looked at where one waits.
    """
    notes = Notes.of(run, now, events)
    frame = Frame(run.trigger.attributes, run.trigger.data)
    try:
        ending = Walk(notes).whole(automation, frame)
    except OverrunError as error:
        ending = Failed("", error.error)
    if ending == "paused":
        return Advance(
            records=tuple(notes.new), orders=tuple(notes.orders), wake=notes.wake, made=tuple(notes.made)
        )
    return _ended(automation, notes, frame, ending)


def seen(automation: Automation, run: Run, event: Trigger) -> tuple[StepRecord, ...]:
    """The record of the wait that `event` ends, the first in the order of steps; none where it ends none.

    One that ends none may be wanted by a wait that begins later: keep it for `advance`.
    """
    notes = Notes.of(run, event.at, (event,), "listening")
    try:
        Walk(notes).whole(automation, Frame(run.trigger.attributes, run.trigger.data))
    except OverrunError:
        return ()
    return tuple(notes.new)


def call_ended(automation: Automation, run: Run, end: CallEnd) -> tuple[StepRecord, ...]:
    """The record of the end of a call: none when it is known, or of a round that is over."""
    return ends_of(automation, run, end)


def cancel(reason: str) -> Advance:
    """The end of a run that is cancelled; what is open of its deliveries is for the caller to cancel."""
    return Advance(end=End(Status.CANCELLED, reason))


def _ended(automation: Automation, notes: Notes, frame: Frame, ending: Ending) -> Advance:
    """The end of a run: what would have begun beside its last step does not begin."""
    dropped = {order.path for order in notes.orders}
    records = tuple(record for record in notes.new if record.state != "started" or record.path not in dropped)
    made = tuple(notes.made)
    if isinstance(ending, Failed):
        orders = _on_failure(automation, frame, ending)
        return Advance(records=records, orders=orders, end=End(Status.FAILURE, ending.reason), made=made)
    reason = ending.reason if isinstance(ending, Stopped) else ""
    return Advance(records=records, end=End(Status.SUCCESS, reason), made=made)


def _on_failure(automation: Automation, frame: Frame, failed: Failed) -> tuple[Order, ...]:
    """What is done when a run fails; how that ends changes nothing about the run."""
    said: JSON = {
        "step": failed.path,
        "line": failed.place,
        "class": failed.error.kind,
        "reason": failed.error.reason,
    }
    scope = {**frame.kept_scope, "vars": {**frame.variables, FAILURE: said}}
    return tuple(Order(path=action.path, action=action, scope=scope) for action in automation.on_failure)
