"""What a receiver asks for in its headers, in every form somebody was seen to write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookwright.engine.worker.wish import LONGEST, aborts, retry_after

NOW = 1_795_553_042_000  # 2026-11-24T20:44:02Z
DAY = 86_400_000


@pytest.mark.fault(42)
@pytest.mark.parametrize(
    ("values", "wait"),
    [
        (["0"], 0),
        (["120"], 120_000),
        (["120.6"], 120_600),
        ([" 120 "], 120_000),
        (["Tue, 24 Nov 2026 20:46:02 GMT"], 120_000),
        (["Tuesday, 24-Nov-26 20:46:02 GMT"], 120_000),
        (["Tue Nov 24 20:46:02 2026"], 120_000),
        (["Tue, 24 Nov 2026 20:44:01 GMT"], 0),
        (["Sun, 06 Nov 1994 08:49:37 GMT"], 0),
        (["Fri, 31 Dec 9999 23:59:59 GMT"], DAY),
        (["9999999999"], DAY),
        (["9" * 5000], DAY),
        (["120", "300"], 300_000),
        (["300", "soon"], 300_000),
        (["-1"], None),
        (["1e309"], None),
        (["inf"], None),
        (["nan"], None),
        (["soon"], None),
        (["120, 300"], None),
        (["\u0661\u0662"], None),
        (["0x10"], None),
        (["Tue, 31 Feb 2026 20:46:02 GMT"], None),
        (["Tue, 24 Nov 2026 25:46:02 GMT"], None),
        (["2026-11-24T20:46:02Z"], None),
        ([""], None),
        ([], None),
    ],
)
def test_retry_after_is_read_in_every_form_and_nonsense_is_no_wish(values, wait):
    headers = [("Content-Type", "text/plain"), *(("Retry-After", value) for value in values)]
    assert retry_after(headers, NOW) == wait


@given(st.integers(0, 2 * DAY // 1000))
def test_a_date_and_its_seconds_ask_for_the_same(seconds):
    until = datetime.fromtimestamp(NOW / 1000, UTC) + timedelta(seconds=seconds)
    date = until.strftime("%a, %d %b %Y %H:%M:%S GMT")
    expected = min(seconds * 1000, LONGEST)
    assert retry_after([("retry-after", date)], NOW) == expected
    assert retry_after([("RETRY-AFTER", str(seconds))], NOW) == expected


@given(st.lists(st.tuples(st.sampled_from(["Retry-After", "X"]), st.text())), st.integers(0, 2**53))
def test_whatever_is_written_the_wait_is_none_or_at_most_a_day(headers, now):
    asked = retry_after(headers, now)
    assert asked is None or 0 <= asked <= DAY


@pytest.mark.parametrize(
    ("headers", "asked"),
    [
        ([("webhook-delivery", "abort-message")], True),
        ([("Webhook-Delivery", " Abort-Message ")], True),
        ([("webhook-delivery", "disable")], False),
        ([("webhook-delivery", "")], False),
        ([("x-webhook-delivery", "abort-message")], False),
        ([], False),
    ],
)
def test_a_message_is_aborted_by_one_header_with_one_value(headers, asked):
    assert aborts(headers) is asked
