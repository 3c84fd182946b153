"""Schedules, and the subscribers that keep to them: how they are read, zones that exist, hours that pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, cast
from zoneinfo import available_timezones

from hookwright.schemas.nearest import did_you_mean, question
from hookwright.schemas.problem import Problem
from hookwright.schemas.wording import show

from .bundle import Part
from .event import JSON
from .merge import Layer
from .model import Schedule

KEYS = ("hold_outside", "skip_outside")
"""What a subscriber says to keep to a schedule: hold what comes at other times, or skip it."""

_MIDNIGHT = "24:00"  # as an end only
_OF_THE_MACHINE = frozenset({"localtime", "Factory", "posixrules"})  # another zone on every machine, or none


_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def schedules(written: Iterable[Layer]) -> Mapping[str, Schedule]:
    """Valid schedules by their ids."""
    return {str(each["id"]): _schedule(each) for each in written}


def kept(merged: Layer, key: str, known: Mapping[str, Schedule]) -> Schedule | None:
    """The schedule that these valid settings name under `key`, if any."""
    return known[str(merged[key])] if key in merged else None


def _schedule(written: Layer) -> Schedule:
    said: dict[str, Any] = {}
    if "weekdays" in written:
        named = cast("list[JSON]", written["weekdays"])
        said["weekdays"] = tuple(index for index, day in enumerate(_WEEKDAYS) if day in named)
    if "between" in written:
        said["opens"], said["closes"] = map(_minutes, cast("list[JSON]", written["between"]))
    return Schedule(str(written["id"]), str(written["timezone"]), **said)


def _minutes(written: JSON) -> int:
    hours, minutes = str(written).split(":")
    return int(hours) * 60 + int(minutes)


def schedule_problems(schedule: Part) -> Iterator[Problem]:
    """What is wrong with one schedule that its shape does not show."""
    yield from zone_problems(schedule)
    hours = schedule.value.get("between")
    if isinstance(hours, list) and len(hours) == 2:
        yield from _hours(schedule, *hours)


def zone_problems(part: Part) -> Iterator[Problem]:
    """An unknown time zone under `timezone`."""
    zone = part.value.get("timezone")
    if isinstance(zone, str) and zone and zone not in _zones():
        yield part.problem("HW015", f"unknown time zone {show(zone)}", "timezone", hint=_meant(zone))


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
