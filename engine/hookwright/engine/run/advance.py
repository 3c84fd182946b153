"""The machine: what a run does next. Pure: a crash between two of its answers loses and repeats nothing."""

from __future__ import annotations

from collections.abc import Iterable

from hookwright.rules.steps import Automation

from ..delivery import Status
from .record import CallEnd, StepRecord
from .run import Advance, End, Run
from .trigger import Trigger


def advance(automation: Automation, run: Run, now: int, events: Iterable[Trigger] = ()) -> Advance:
    """Take the steps that can be taken at `now` (Unix milliseconds), from the top past all that ended.

    `events` are those since the run began that some `wait_for` of the automation may want, oldest first, and
    members of batches among them; they are only looked at where one waits.
    """
    raise NotImplementedError


def seen(automation: Automation, run: Run, event: Trigger) -> tuple[StepRecord, ...]:
    """The record of the wait that `event` ends, the first in the order of steps; none where it ends none.

    One that ends none may be wanted by a wait that begins later: keep it for `advance`.
    """
    raise NotImplementedError


def call_ended(automation: Automation, run: Run, end: CallEnd) -> tuple[StepRecord, ...]:
    """The records of the end of a call: none when it is known, or of a round that is over."""
    raise NotImplementedError


def cancel(reason: str) -> Advance:
    """The end of a run that is cancelled; what is open of its deliveries is for the caller to cancel."""
    return Advance(end=End(Status.CANCELLED, reason))
