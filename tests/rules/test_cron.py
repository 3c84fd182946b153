"""Cron: expressions that are none, times in zones whose clocks change, and what was missed."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookwright.rules.cron import cron_fault, due, never_fires, next_time
from hookwright.rules.steps import Cron

BERLIN = "Europe/Berlin"
DAY = 86_400_000


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(
    "good", ["0 3 * * *", "*/15 8-17 * * MON-FRI", "0 0 L * *", "0 0 29 2 *", "0 0 30 2 1"]
)
def test_a_cron_expression_has_five_fields(good):
    assert cron_fault(good) is None
    assert not never_fires(good)


@pytest.mark.parametrize(
    ("bad", "said", "hint"),
    [
        ("61 * * * *", "the minute cannot be read", "0 to 59, not '61'"),
        ("* 24 * * *", "the hour cannot be read", "0 to 23, not '24'"),
        ("* * 32 * *", "the day of the month cannot be read", "1 to 31, or L, not '32'"),
        ("* * * 13 *", "the month cannot be read", "1 to 12, not '13'"),
        ("* * * * 8", "the day of the week cannot be read", "0 to 7, or SUN to SAT, not '8'"),
        ("* * *", "a cron expression has 5 fields, this has 3", "such as `0 3 * * *`"),
        ("@daily", "a cron expression has 5 fields, this has 1", "such as `0 3 * * *`"),
        ("0 0 3 * * *", "a cron expression has 5 fields, this has 6", "such as `0 3 * * *`"),
    ],
)
def test_what_is_none_says_which_field_is_wrong(bad, said, hint):
    message, fix = cron_fault(bad)
    assert message == said
    assert fix.endswith(hint)


@pytest.mark.parametrize("never", ["0 0 30 2 *", "0 0 31 4,6 *"])
def test_a_day_that_no_month_has_never_comes(never):
    assert cron_fault(never) is None
    assert never_fires(never)


@given(st.text("0123456789*/-,LMON# @x ", max_size=20))
def test_no_text_breaks_the_check(text):
    if cron_fault(text) is None and not never_fires(text):
        assert next_time(Cron(text, "UTC"), at("2026-01-01T00:00:00+00:00")) is not None


@pytest.mark.parametrize(
    ("after", "comes"),
    [
        ("2026-03-28T12:00:00+00:00", "2026-03-29T03:00:00+02:00"),  # 2:30 is skipped: right after the gap
        ("2026-10-24T12:00:00+00:00", "2026-10-25T02:30:00+02:00"),  # 2:30 comes twice: the first of the two
        ("2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"),
    ],
)
def test_a_time_of_the_day_comes_once_on_the_days_when_clocks_change(after, comes):
    assert next_time(Cron("30 2 * * *", BERLIN), at(after)) == at(comes)


def test_an_hourly_time_goes_by_the_clock():
    hours = Cron("0 * * * *", BERLIN, "run_all")
    assert len(due(hours, at("2026-10-25T00:00:00+02:00"), at("2026-10-26T00:00:00+01:00"))) == 25
    assert len(due(hours, at("2026-03-29T00:00:00+01:00"), at("2026-03-30T00:00:00+02:00"))) == 23


def test_nothing_is_due_twice_or_before_its_time():
    daily = Cron("0 3 * * *", "UTC")
    three = at("2026-11-24T03:00:00+00:00")
    assert due(daily, three - DAY, three - 1) == ()
    assert due(daily, three - DAY, three) == (three,)
    assert due(daily, three, three + 5) == ()


def test_what_was_missed_begins_no_run_one_or_all():
    three = at("2026-11-24T03:00:00+00:00")
    last, now = three - 3 * DAY, three + 3_600_000
    times = tuple(three - days * DAY for days in (2, 1, 0))
    assert due(Cron("0 3 * * *", "UTC", "skip"), last, now) == ()
    assert due(Cron("0 3 * * *", "UTC", "skip"), last, three + 60_000) == (three,)
    assert due(Cron("0 3 * * *", "UTC", "run_once"), last, now) == (three,)
    assert due(Cron("0 3 * * *", "UTC", "run_all"), last, now) == times


def test_of_very_many_that_were_missed_the_latest_thousand_run():
    minutely, now = Cron("* * * * *", "UTC", "run_all"), at("2026-11-24T03:00:00+00:00")
    found = due(minutely, 0, now)
    assert len(found) == 1000
    assert found[-1] == now


@given(
    st.sampled_from(["30 2 * * *", "0 */2 * * *", "15 1-3 * * *", "*/30 2 * * *", "0 0 1 * *"]),
    st.integers(0, 800),
)
def test_looking_back_finds_what_looking_forward_did(expression, hours):
    cron = Cron(expression, BERLIN, "run_all")
    last = at("2026-03-01T00:00:00+00:00") + hours * 3_600_000
    now = last + 40 * DAY
    forward, time = [], next_time(cron, last)
    while time is not None and time <= now:
        forward.append(time)
        time = next_time(cron, time)
    assert due(cron, last, now) == tuple(forward)
