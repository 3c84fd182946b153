"""Cron: what is wrong with an expression, when it is due next, and which times are due after a while."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice, takewhile
from typing import Final
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from .steps import Cron

FIELDS: Final = ("minute", "hour", "day of the month", "month", "day of the week")
ON_TIME: Final = 60_000  # ms: whoever comes this late has missed nothing
MOST_MISSED: Final = 1_000  # runs that begin at once for times that were missed

_NAMES: Final = dict(zip(("minute", "hour", "day-of-month", "month", "day-of-week"), FIELDS, strict=True))
_SOME_DAY: Final = datetime(2024, 1, 1, tzinfo=UTC)  # before a 29 February
_ANY_DAY: Final = "{0} {1} * * {4}"


def next_time(cron: Cron, after: int) -> int | None:
    """The first time (Unix milliseconds) past `after`; None when there is none in 50 years.

    On the days when clocks are changed it is as Debian's cron has it: a time of the day that is skipped comes
    right after the gap, one that is there twice comes once; `*` in minutes or hours goes by the clock.
    """
    return next(_times(cron, after), None)


def due(cron: Cron, last: int, now: int) -> tuple[int, ...]:
    """The times past `last` up to `now` for which runs begin, oldest first.

    Those that came more than a minute ago were missed: `skip` begins none for them, `run_once` one for the
    last of all, `run_all` one for each of the latest 1,000.
    """
    latest = list(islice(takewhile(lambda time: time > last, _before(cron, now)), MOST_MISSED))
    if cron.missed == "run_all":
        return tuple(reversed(latest))
    return tuple(time for time in latest[:1] if cron.missed == "run_once" or now - time <= ON_TIME)


def cron_fault(expression: str) -> tuple[str, str | None] | None:
    """What is wrong with an expression and what would be right; None when it is one."""
    fields = expression.split()
    if len(fields) != len(FIELDS):
        said = f"a cron expression has {len(FIELDS)} fields, this has {len(fields)}"
        return said, f"write {', '.join(FIELDS)}, such as `0 3 * * *`"
    try:
        CronSim(expression, _SOME_DAY)
    except CronSimError as error:
        if not never_fires(expression):
            field = str(error).removeprefix("Bad ")
            return f"the {_NAMES.get(field, 'expression')} cannot be read", _hint(field, fields)
    return None


def never_fires(expression: str) -> bool:
    """Whether each field can be read, and no day there is fits all of them: `0 0 30 2 *`."""
    fields = expression.split()
    if len(fields) != len(FIELDS):
        return False
    try:
        CronSim(_ANY_DAY.format(*fields), _SOME_DAY)
        for day, month in ((fields[2], "*"), ("*", fields[3])):
            CronSim(f"0 0 {day} {month} *", _SOME_DAY)
    except CronSimError:
        return False
    try:
        return next(CronSim(expression, _SOME_DAY), None) is None
    except CronSimError:
        return True


def _hint(field: str, fields: list[str]) -> str | None:
    bounds = {"minute": "0 to 59", "hour": "0 to 23", "day-of-month": "1 to 31, or L", "month": "1 to 12"}
    allowed = bounds.get(field, "0 to 7, or SUN to SAT")
    position = list(_NAMES).index(field) if field in _NAMES else None
    written = "" if position is None else f", not {fields[position]!r}"
    return f"it goes from {allowed}{written}"


def _times(cron: Cron, after: int) -> Iterator[int]:
    zone = ZoneInfo(cron.timezone)
    for time in CronSim(cron.expression, datetime.fromtimestamp(after // 1000, zone)):
        yield _milliseconds(time)


def _before(cron: Cron, now: int) -> Iterator[int]:
    """The times up to `now`, the latest first."""
    zone = ZoneInfo(cron.timezone)
    behind = datetime.fromtimestamp(now // 1000 + 1, zone)
    for time in CronSim(cron.expression, behind, reverse=True):
        yield _milliseconds(time)


def _milliseconds(time: datetime) -> int:
    return round(time.timestamp() * 1000)
