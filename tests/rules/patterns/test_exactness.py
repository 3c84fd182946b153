"""Numbers, letters and addresses at the edges, where nearly right is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hookwright.rules import PatternIndex

HUGE = 10**5000  # has more digits than Python turns into text


def matches(alternative: Any, leaf: Any) -> bool:
    return bool(PatternIndex({"p": {"a": [alternative]}}).match({"a": leaf}))


@pytest.mark.parametrize("digits", [17, 20, 31, 401, 5000])
def test_an_integer_is_told_from_its_neighbours_at_any_size(digits: int) -> None:
    big = 10 ** (digits - 1) + 7
    index = PatternIndex(
        {
            "exact": {"a": [big]},
            "equal": {"a": [{"numeric": ["=", big]}]},
            "above": {"a": [{"numeric": [">", big]}]},
            "below": {"a": [{"numeric": ["<", big]}]},
            "other": {"a": [{"anything-but": big}]},
            "between": {"a": [{"numeric": [">", big - 1, "<", big + 1]}]},
        }
    )
    assert index.match({"a": big}) == {"exact", "equal", "between"}
    assert index.match({"a": big - 1}) == {"below", "other"}
    assert index.match({"a": big + 1}) == {"above", "other"}


@pytest.mark.parametrize(
    ("written", "leaf", "expected"),
    [
        ("0.1", "0.1000000000000000055511151231257827", True),  # the same double
        ("0.1", "0.10000000000000002", False),  # the next one
        ("1", "1.0", True),
        ("100", "1e2", True),
        ("9007199254740993", "9007199254740993.0", False),  # that text is the double 9007199254740992
        ("9007199254740992", "9007199254740993.0", True),
        ("0", "-0.0", True),
        ("0", "1e-400", True),
        ("5e-324", "4e-324", True),
        ("true", "1", False),
        ("1", "true", False),
        ("0", "false", False),
        ("false", "0.0", False),
    ],
)
def test_json_texts_of_numbers_are_compared_by_value(written: str, leaf: str, expected: bool) -> None:
    assert matches(json.loads(written), json.loads(leaf)) is expected


def test_zero_has_no_sign() -> None:
    assert matches({"numeric": [">=", 0]}, -0.0)
    assert matches({"numeric": ["=", -0.0]}, 0)
    assert matches({"number": ["=", 0]}, "-0.0")
    assert not matches({"numeric": [">", 0]}, -0.0)
    assert not matches({"numeric": ["<", 0]}, -0.0)
    assert not matches({"anything-but": 0}, -0.0)


def test_a_number_beyond_the_doubles_is_above_every_double_and_no_integer() -> None:
    beyond = json.loads("1e400")
    assert matches({"numeric": [">", 1.7e308]}, beyond)
    assert matches({"number": [">", HUGE]}, "1e400")
    assert matches({"number": ["<", -HUGE]}, "-1e400")
    assert matches({"anything-but": HUGE}, beyond)
    assert not matches({"numeric": ["<=", HUGE]}, beyond)
    assert not matches(HUGE, beyond)


@pytest.mark.parametrize("text", ["7", "+7", "007", "7.0", "7.000", "70e-1", "0.7E1", "0.7e+1", "7e0"])
def test_a_number_may_be_spelt_in_many_ways(text: str) -> None:
    assert matches({"number": ["=", 7]}, text)
    assert not matches({"numeric": ["=", 7]}, text)
    assert not matches(7, text)


@pytest.mark.parametrize(
    "text",
    [
        *("", " 7", "7 ", "7\n", "--7", "+-7", "7.", ".7", "7e", "e7", "7e1.0", "-", "+", "7f", "7L", "7j"),
        *("7_0", "0x7", "0b1", "7,0", "1 000", "inf", "Infinity", "nan"),
        *("\uff17", "\u0667", "\u00b2", "\u2167", "\u22127"),  # digits, and a minus, of other scripts
    ],
)
def test_what_spells_no_number_is_in_no_range(text: str) -> None:
    assert not matches({"number": [">", -HUGE]}, text)
    assert not matches({"number": ["<", HUGE]}, text)


@pytest.mark.parametrize(
    ("written", "leaf"),
    [
        ("stra\u00dfe", "STRASSE"),
        ("stra\u00dfe", "STRA\u1e9eE"),  # capital sharp s
        ("\u03a3\u03bf\u03c6\u03cc\u03c2", "\u03c3\u039f\u03a6\u038c\u03c3"),  # three sigmas are one letter
        ("\ufb01n", "FIN"),  # a ligature
        ("\u00b5", "\u039c"),  # micro sign, capital mu
        ("\u212a", "k"),  # Kelvin
    ],
)
def test_letters_that_fold_alike_are_alike(written: str, leaf: str) -> None:
    for one, other in ((written, leaf), (leaf, written)):
        assert matches({"equals-ignore-case": one}, other)
        assert matches({"prefix": {"equals-ignore-case": one}}, other + "-x")
        assert matches({"suffix": {"equals-ignore-case": one}}, "x-" + other)
        assert not matches({"anything-but": {"equals-ignore-case": one}}, other)
        assert not matches(one, other)


@pytest.mark.parametrize(
    ("written", "leaf"),
    [
        ("\u0131", "i"),  # dotless i is a letter of its own
        ("\u0131", "I"),
        ("\u0130", "i"),  # and I with a dot folds to i and a combining dot
        ("\u00e9", "e\u0301"),  # folding does not compose
        ("\u00e9", "e"),
    ],
)
def test_letters_that_fold_otherwise_are_not_alike(written: str, leaf: str) -> None:
    assert not matches({"equals-ignore-case": written}, leaf)
    assert not matches({"equals-ignore-case": leaf}, written)
    assert matches({"anything-but": {"equals-ignore-case": written}}, leaf)


def test_folding_may_end_a_text_within_a_letter() -> None:
    assert matches({"prefix": {"equals-ignore-case": "s"}}, "\u00df")
    assert matches({"suffix": {"equals-ignore-case": "s"}}, "\u00df")
    assert not matches({"prefix": {"equals-ignore-case": "sss"}}, "\u00df")
    assert matches({"prefix": {"equals-ignore-case": "\u0130"}}, "\u0130stanbul")


@pytest.mark.parametrize(
    ("network", "address", "expected"),
    [
        ("0.0.0.0/0", "255.255.255.255", True),
        ("0.0.0.0/0", "::", False),
        ("::/0", "ffff::1", True),
        ("::/0", "10.0.0.1", False),
        ("10.0.0.0/24", "::ffff:10.0.0.1", False),  # IPv4 within IPv6 is IPv6
        ("::ffff:10.0.0.0/120", "::ffff:10.0.0.1", True),
        ("::ffff:10.0.0.0/120", "::ffff:a00:1", True),
        ("::ffff:10.0.0.0/120", "10.0.0.1", False),
        ("255.255.255.255/32", "255.255.255.255", True),
        ("2001:db8::/33", "2001:db8:7fff::", True),
        ("2001:db8::/33", "2001:db8:8000::", False),
        ("10.0.0.255/31", "10.0.0.254", True),
        ("10.0.0.0/8", "10.1", False),  # not the short forms of old
        ("10.0.0.0/8", "10.0.0.01", False),
        ("10.0.0.0/8", "0x0a.0.0.1", False),
        ("10.0.0.0/8", "10.0.0.1/32", False),
        ("10.0.0.0/8", "10.0.0.1\n", False),
        ("10.0.0.0/8", " 10.0.0.1", False),
        ("fe80::/10", "fe80::1%eth0", False),
        ("10.0.0.0/8", 167772161, False),  # the same address as a number
        ("10.0.0.0/8", None, False),
    ],
)
def test_an_address_lies_in_a_network_of_its_own_version(network: str, address: Any, expected: bool) -> None:
    assert matches({"cidr": network}, address) is expected


@pytest.mark.parametrize("lone", ["\ud800", "a\udfff", "\udc00\ud800"])
def test_half_a_surrogate_pair_is_a_character_like_any_other(lone: str) -> None:
    assert matches(lone, lone)
    assert matches({"prefix": lone}, lone + "x")
    assert matches({"suffix": lone}, "x" + lone)
    assert matches({"wildcard": f"*{lone}*"}, f"x{lone}x")
    assert matches({"equals-ignore-case": lone}, lone)
    assert matches({"anything-but": lone}, "x")
    assert not matches({"number": [">", 0]}, lone)
    assert not matches({"cidr": "::/0"}, lone)
    assert PatternIndex({"p": {lone: [1]}}).match({lone: 1}) == {"p"}
