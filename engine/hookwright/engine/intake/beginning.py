"""Beginning: the runs that an event begins, as its line says them. Pure."""

from __future__ import annotations

from hookwright.rules.event import Event
from hookwright.rules.hours import is_open
from hookwright.rules.table import Selected

from ..delivery import SKIPPED
from ..identifiers import run_id
from ..instant import timestamp
from ..journal.runs import PlannedRun


def planned_run(event: Event, selected: Selected, now: int) -> PlannedRun:
    """The run of the automation that the event selects; `now` is Unix milliseconds.

    One whose condition has no value ends as a Failure, one that comes outside its schedule is skipped.
    """
    subscriber, refusal = selected.subscriber, None
    if selected.fault is not None:
        refusal = ("expression", f"if: {selected.fault}")
    elif subscriber.skip_outside is not None and not is_open(subscriber.skip_outside, now):
        refusal = (SKIPPED, f"outside the schedule {subscriber.skip_outside.id}")
    return PlannedRun(
        id=run_id(subscriber.id, event.source, event.id),
        entity_id=subscriber.id,
        due=timestamp(now if refusal else now + subscriber.delay),
        place=f"{subscriber.place.file}:{subscriber.place.line}",
        refusal=refusal,
    )
