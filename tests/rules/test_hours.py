"""When schedules are open: on the clocks of their zones, over midnight, and where the clocks are set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookwright.rules.hours import is_open, next_opening, opening_text
from hookwright.rules.model import Schedule

MINUTE = 60_000  # ms
OFFICE = Schedule("office", "Europe/Berlin", (0, 1, 2, 3, 4), 8 * 60, 18 * 60)
FRIDAY_NIGHT = Schedule("night", "Europe/Berlin", (4,), 22 * 60, 6 * 60)
SMALL_HOURS = Schedule("small", "Europe/Berlin", opens=2 * 60 + 30, closes=4 * 60)


def at(text: str, zone: str = "Europe/Berlin", fold: int = 0) -> int:
    local = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return int(local.timestamp() * 1000)


@pytest.mark.parametrize(
    ("schedule", "now", "opens"),
    [
        (OFFICE, at("2026-11-23T07:59:59"), at("2026-11-23T08:00")),
        (OFFICE, at("2026-11-23T08:00"), at("2026-11-23T08:00")),
        (OFFICE, at("2026-11-23T17:59:59"), at("2026-11-23T17:59:59")),
        (OFFICE, at("2026-11-23T18:00"), at("2026-11-24T08:00")),
        (OFFICE, at("2026-11-27T18:00"), at("2026-11-30T08:00")),
        (FRIDAY_NIGHT, at("2026-11-27T21:59"), at("2026-11-27T22:00")),
        (FRIDAY_NIGHT, at("2026-11-28T05:59"), at("2026-11-28T05:59")),
        (FRIDAY_NIGHT, at("2026-11-28T06:00"), at("2026-12-04T22:00")),
        (FRIDAY_NIGHT, at("2026-11-28T22:00"), at("2026-12-04T22:00")),
        # 02:00 to 03:00 does not come: it opens when the clocks show 03:00.
        (SMALL_HOURS, at("2026-03-29T01:59"), at("2026-03-29T03:00")),
        # 02:00 to 03:00 comes twice: open, closed again for half an hour, and open.
        (SMALL_HOURS, at("2026-10-25T02:59"), at("2026-10-25T02:59")),
        (SMALL_HOURS, at("2026-10-25T02:00", fold=1), at("2026-10-25T02:30", fold=1)),
        # Its only hours of the week do not come.
        (
            Schedule("gap", "Europe/Berlin", (6,), 120, 180),
            at("2026-03-28T12:00"),
            at("2026-04-05T02:00"),
        ),
    ],
)
def test_it_opens_at_the_time_its_clocks_show(schedule: Schedule, now: int, opens: int) -> None:
    assert next_opening(schedule, now) == opens
    assert is_open(schedule, now) is (now == opens)


def test_an_opening_is_told_on_the_clocks_of_the_schedule() -> None:
    assert opening_text(OFFICE, at("2026-11-24T08:00")) == "Tue 2026-11-24 08:00 (Europe/Berlin)"


def expected(schedule: Schedule, moment: datetime) -> bool:
    """What the language says, told by whole openings in place of times of the day."""
    shown = moment.astimezone(ZoneInfo(schedule.timezone)).replace(tzinfo=None)
    midnight = shown.replace(hour=0, minute=0, second=0, microsecond=0)
    length = (schedule.closes - schedule.opens) % 1440 or 1440
    begins = [midnight - timedelta(days=days) + timedelta(minutes=schedule.opens) for days in (0, 1)]
    return any(
        begin.weekday() in schedule.weekdays and begin <= shown < begin + timedelta(minutes=length)
        for begin in begins
    )


ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Chatham", "UTC")
DAYS = st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days)))
SET = ("2026-03-07", "2026-03-28", "2026-04-04", "2026-09-26", "2026-10-03", "2026-10-24", "2026-10-31")


@given(
    st.sampled_from(ZONES),
    DAYS,
    st.integers(0, 1439),
    st.integers(1, 1440),
    st.sampled_from(SET),
    st.integers(0, 2880),
)
def test_it_opens_when_a_watch_that_is_looked_at_each_minute_says_so(
    zone: str, days: tuple[int, ...], opens: int, closes: int, day: str, minutes: int
) -> None:
    schedule = Schedule("s", zone, days, opens, closes if closes != opens else opens + 1)
    moment = datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(minutes=minutes)
    now = int(moment.timestamp() * 1000)
    assert is_open(schedule, now) is expected(schedule, moment)
    found = next_opening(schedule, now)
    for n in range(4 * 1440):  # of what comes later the first days tell enough
        if expected(schedule, moment + timedelta(minutes=n)):
            assert found == now + n * MINUTE
            return
    assert found >= now + 4 * 1440 * MINUTE
    assert expected(schedule, datetime.fromtimestamp(found / 1000, UTC))
