"""When a `Schedule` is open: whenever its clocks show a time within its hours. Pure; times are Unix ms.

Where clocks are set forward, the hours they leap over do not come; where they are set back, those they show
twice count twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from .model import Schedule

HORIZON = timedelta(days=16)  # one opening a week, of which a change of the clocks may swallow one
_DAY = 24 * 60  # minutes
_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)


def is_open(schedule: Schedule, now: int) -> bool:
    """Whether the schedule is open at `now`."""
    return _is_open(schedule, _utc(now))


def next_opening(schedule: Schedule, now: int) -> int:
    """The first moment from `now` on at which the schedule is open.

    Should it not open within sixteen days, that is when to look again.
    """
    moment, zone = _utc(now), ZoneInfo(schedule.timezone)
    if _is_open(schedule, moment):
        return now
    last = moment + HORIZON
    found = (*_openings(schedule, moment, last, zone), *_changes(moment, last, zone))
    opens = min((each for each in found if each > moment and _is_open(schedule, each)), default=last)
    return int(opens.timestamp() * 1000)


def opening_text(schedule: Schedule, opens: int) -> str:
    """For people: `Wed 2026-11-25 08:00 (Europe/Berlin)`."""
    local = _utc(opens).astimezone(ZoneInfo(schedule.timezone))
    return f"{local:%a %Y-%m-%d %H:%M} ({schedule.timezone})"


def _is_open(schedule: Schedule, moment: datetime) -> bool:
    local = moment.astimezone(ZoneInfo(schedule.timezone))
    minute, today = local.hour * 60 + local.minute, local.weekday()
    opened = today in schedule.weekdays and minute >= schedule.opens
    if schedule.opens < schedule.closes:
        return opened and minute < schedule.closes
    return opened or ((today - 1) % 7 in schedule.weekdays and minute < schedule.closes)


def _openings(schedule: Schedule, first: datetime, last: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """The moments at which the clocks show an opening time, and some more."""
    opens = time(*divmod(schedule.opens, 60))
    midnight = time() if schedule.opens > schedule.closes else opens  # of days begun within the hours
    for day in _days(first.astimezone(zone).date(), last.astimezone(zone).date()):
        for at in {opens, midnight}:
            for fold in (0, 1):
                yield datetime.combine(day, at, zone).replace(fold=fold).astimezone(UTC)


def _changes(first: datetime, last: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """The moments at which the clocks are set."""
    before = first
    while before < last:
        after = before + _HOUR
        if before.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
            yield from (before.replace(second=0, microsecond=0) + n * _MINUTE for n in range(62))
        before = after


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _utc(now: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=now)
