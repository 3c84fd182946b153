"""Schedules, and the subscribers that keep to them: zones that exist, hours that pass."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from zoneinfo import available_timezones

from hookwright.schemas.nearest import did_you_mean, question
from hookwright.schemas.problem import Problem
from hookwright.schemas.wording import show

from .bundle import Part

KEYS = ("hold_outside", "skip_outside")
"""What a subscriber says to keep to a schedule: hold what comes at other times, or skip it."""

_MIDNIGHT = "24:00"  # as an end only
_OF_THE_MACHINE = frozenset({"localtime", "Factory", "posixrules"})  # another zone on every machine, or none


def schedule_problems(schedule: Part) -> Iterator[Problem]:
    """What is wrong with one schedule that its shape does not show."""
    zone = schedule.value.get("timezone")
    if isinstance(zone, str) and zone and zone not in _zones():
        yield schedule.problem("HW015", f"unknown time zone {show(zone)}", "timezone", hint=_meant(zone))
    hours = schedule.value.get("between")
    if isinstance(hours, list) and len(hours) == 2:
        yield from _hours(schedule, *hours)


def _hours(schedule: Part, opens: object, closes: object) -> Iterator[Problem]:
    if opens == _MIDNIGHT:
        message = "the hours start at 24:00, when the day is over"
        yield schedule.problem("HW015", message, "between", 0, hint='write "00:00"')
    elif opens == closes and isinstance(opens, str):
        message = f"the hours end at {closes}, when they start"
        hint = "leave `between` out for the whole day"
        yield schedule.problem("HW015", message, "between", 1, hint=hint)


def _meant(zone: str) -> str:
    """The zone that is perhaps meant: the one of a city, or one with a name much alike."""
    city = "/" + zone.replace(" ", "_").casefold()
    found = sorted(each for each in _zones() if each.casefold().endswith(city))
    guess = question(zone, found[:1]) or did_you_mean(zone, sorted(_zones()))
    return guess or "write an IANA name, such as Europe/Berlin"


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones()) - _OF_THE_MACHINE
