"""What begins the runs of an automation: an event or a clock, and what is wrong with the two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from hookwright.schemas.problem import Problem

from .bundle import Part
from .cron import cron_fault, never_fires
from .schedules import zone_problems

_OF_EVENTS: Final = ("event", "source", "match", "if", "delay", "skip_outside")
_OF_DELIVERIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "batch": "every event begins a run of its own",
        "order_by": "with `key` and `mode: queued`, runs with one key go one after the other",
        "dedupe": "with `key` and `mode`, runs with one key keep to each other",
    }
)


def beginning_problems(automation: Part) -> Iterator[Problem]:
    """What is wrong with what begins runs; `automation` may be of any shape."""
    for key, hint in _OF_DELIVERIES.items():
        if automation.value.get(key):
            message = f'"{key}" means nothing for an automation'
            yield automation.problem("HW023", message, key, hint=hint, key=True)
    if "cron" in automation.value:
        yield from _clock(automation)
    elif "event" not in automation.value:
        hint = "an automation begins with an `event`, or by the clock with `cron`"
        yield automation.problem("HW014", 'missing key "event"', hint=hint)


def _clock(automation: Part) -> Iterator[Problem]:
    for key in _OF_EVENTS:
        if key in automation.value:
            message = f'"{key}" and "cron" exclude each other'
            hint = "a clock begins runs whatever happens; ask in an `if` step"
            yield automation.problem("HW023", message, key, hint=hint, key=True)
    cron = automation.part("cron")
    if cron is None:
        return
    yield from zone_problems(cron)
    written = cron.value.get("at")
    fault = cron_fault(written) if isinstance(written, str) and written else None
    if fault is not None:
        yield cron.problem("HW165", f"bad cron expression: {fault[0]}", "at", hint=fault[1])
    elif isinstance(written, str) and never_fires(written):
        message = "it never fires: there is no such day in any year"
        hint = "February has 29 days at most, and four months have 30"
        yield cron.problem("HW166", message, "at", hint=hint)
