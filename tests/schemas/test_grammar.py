from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookwright.schemas.grammar import duration, rate, size, spelt
from hookwright.schemas.schema import load_schema

PATTERNS = {
    name: part["pattern"] for name, part in load_schema("config")["$defs"].items() if "pattern" in part
}
READERS = {"duration": duration, "size": size, "rate": rate}
UNITS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
AMOUNTS = st.integers(0, 9_999_999)


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("0s", 0),
        ("250ms", 250),
        ("30s", 30_000),
        ("1h30m", 5_400_000),
        ("1d2h3m4s5ms", 93_784_005),
        ("5m10ms", 300_010),
    ],
)
def test_durations_are_milliseconds(text, milliseconds):
    assert duration(text) == milliseconds


@given(st.dictionaries(st.sampled_from(list(UNITS)), AMOUNTS, min_size=1))
def test_a_duration_is_the_sum_of_its_parts(parts):
    text = "".join(f"{parts[unit]}{unit}" for unit in UNITS if unit in parts)
    assert duration(text) == sum(amount * UNITS[unit] for unit, amount in parts.items())
    assert duration(text) < 2**53


@given(st.integers(0, 10**12 - 1), st.sampled_from([("B", 1), ("KiB", 1024), ("MiB", 1024**2)]))
def test_sizes_are_bytes(amount, unit):
    assert size(f"{amount}{unit[0]}") == amount * unit[1]


@given(st.integers(1, 10**9 - 1), st.sampled_from([("s", 1000), ("m", 60_000), ("h", 3_600_000)]))
def test_rates_are_counts_in_milliseconds(amount, unit):
    assert rate(f"{amount}/{unit[0]}") == (amount, unit[1])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "30",
        "s",
        "30 s",
        "-1s",
        "1.5s",
        "30S",
        "1s1m",
        "1m1m",
        "1ms1s",
        "٣s",
        "1s\n",
        "1w",
        "1" * 10 + "s",
    ],
)
def test_what_is_no_duration_is_refused_with_what_to_write(text):
    with pytest.raises(ValueError, match=r"is not a duration; .*30s"):
        duration(text)


def test_a_bare_number_is_told_its_unit():
    with pytest.raises(ValueError, match=r"^'45' is not a duration; a bare number has no unit: write 45s$"):
        duration("45")


@pytest.mark.parametrize("text", ["1024", "1KB", "1 MiB", "1GiB", "-1B", "1.5MiB", ""])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(ValueError, match="is not a size; write 512B"):
        size(text)


@pytest.mark.parametrize("text", ["10", "0/s", "10/d", "10 /s", "/s", "10/ms", "1.5/s"])
def test_what_is_no_rate_is_refused(text):
    with pytest.raises(ValueError, match="is not a rate; write 10/s"):
        rate(text)


@given(st.sampled_from(list(READERS)), st.text("0123456789dhmsBKiM/ \n", max_size=10))
def test_the_schema_takes_exactly_what_is_read(name, text):
    in_schema = re.search(PATTERNS[name].removesuffix("$") + r"\Z", text) is not None
    try:
        READERS[name](text)
    except ValueError:
        assert not in_schema
    else:
        assert in_schema


@pytest.mark.parametrize(
    ("milliseconds", "said"),
    [
        (0, "0s"),
        (7, "7ms"),
        (40_000, "40s"),
        (61_500, "1m 1s"),
        (3_600_000, "1h"),
        (3_605_000, "1h"),  # minutes would come next, and there are none
        (99_305_000, "27h 35m"),
        (172_799_999, "47h 59m"),
        (172_800_000, "2d"),
        (277_200_000, "3d 5h"),
    ],
)
def test_a_duration_is_spelt_in_its_two_largest_units(milliseconds, said):
    assert spelt(milliseconds) == said
