from __future__ import annotations

import pytest

from hookwright.rules.model import Breaker, Rate, RetryPolicy
from hookwright.rules.targets import MAX_WAIT, breaker, rate, retry_policy, success_codes


@pytest.mark.parametrize(
    ("retry", "waits"),
    [
        ({}, (10_000, 30_000)),
        ({"attempts": 1}, ()),
        ({"attempts": 3, "initial": "10s"}, (10_000, 30_000)),
        ({"attempts": 4, "initial": "1s", "multiplier": 2}, (1_000, 2_000, 4_000)),
        ({"attempts": 4, "initial": "1s", "multiplier": 1.5}, (1_000, 1_500, 2_250)),
        (
            {"attempts": 5, "initial": "1m", "multiplier": 10, "max": "1h"},
            (60_000, 600_000, 3_600_000, 3_600_000),
        ),
        ({"attempts": 2, "initial": "2h", "max": "1h"}, (3_600_000,)),
        ({"schedule": ["5s", "5m"]}, (5_000, 300_000)),
    ],
)
def test_waits_are_computed_when_the_model_is_built(retry, waits):
    assert retry_policy(retry).waits == waits
    assert retry_policy(retry).tries == len(waits) + 1


def test_a_hundred_growing_waits_stop_at_the_longest():
    waits = retry_policy({"attempts": 100, "multiplier": 100}).waits
    assert len(waits) == 99
    assert waits[-1] == MAX_WAIT == 86_400_000


def test_a_receiver_is_heard_and_a_delivery_wanted_for_as_long_as_it_is_written():
    assert retry_policy({}) == RetryPolicy((10_000, 30_000), retry_after=False, max_age=7 * 86_400_000)
    asked = retry_policy({"attempts": 1, "retry_after": True, "max_age": "90m"})
    assert asked == RetryPolicy((), retry_after=True, max_age=5_400_000)


@pytest.mark.parametrize(
    ("written", "codes"),
    [
        (200, {200}),
        ("2xx", set(range(200, 300))),
        ([200, "3xx"], {200, *range(300, 400)}),
    ],
)
def test_success_is_a_code_a_class_or_a_list(written, codes):
    assert success_codes(written) == codes


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (False, None),
        ({"failures": 3}, Breaker(3, 60_000, 3_600_000)),
        ({"failures": 2.0, "probe": "5s", "probe_max": "10s"}, Breaker(2, 5_000, 10_000)),
        ({"probe": "2h"}, Breaker(5, 7_200_000, 7_200_000)),
    ],
)
def test_a_breaker_has_what_it_leaves_out_as_built_in(written, read):
    assert breaker(written) == read


@pytest.mark.parametrize(("written", "span"), [("10/s", 1_000), ("600/m", 60_000), ("7/h", 3_600_000)])
def test_a_rate_is_a_number_of_calls_in_a_span_and_reads_as_it_was_written(written, span):
    found = rate(written)
    assert found == Rate(int(written.partition("/")[0]), span)
    assert str(found) == written
