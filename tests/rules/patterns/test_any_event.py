"""No value that JSON can hold makes matching raise, however deep, wide, long or odd."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from hookwright.rules import PatternIndex

from .drawn import VALUES, Drawer, operators

PATTERNS: dict[str, Any] = {
    f"{name} {number}": {name: [alternative]}
    for number, alternative in enumerate([*VALUES, *operators()])
    for name in ("a", "a.a", "b.a.a")
}
PATTERNS |= {f"drawn {number}": Drawer(Random(number)).pattern() for number in range(100)}
PATTERNS |= {f"row {number}": Drawer(Random(number)).row_pattern() for number in range(100)}
INDEX = PatternIndex(PATTERNS)
ODD: dict[str, Any] = {
    "huge integer": 10**10_000,
    "negative huge integer": -(10**10_000),
    "infinity": json.loads("1e999"),
    "negative infinity": json.loads("-1e999"),
    "not a number": float("nan"),
    "digits": "9" * 20_000,
    "fraction": "0." + "9" * 20_000,
    "exponent": "1e" + "9" * 1_000,
    "lone surrogate": "\ud800",
    "every plane": "".join(map(chr, range(0, 0x110000, 997))),
    "zero character": "\0",
    "stars": "*" * 1_000,
    "backslashes": "\\" * 1_000,
    "long address": ":" * 50,
    "folds longer": "\u0390" * 1_000,
}


@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
def test_odd_values_are_matched_wherever_they_stand(value: Any) -> None:
    for data in (
        value,
        [value],
        {"a": value},
        {"a": [value]},
        {"a": {"a": value}},
        {"a": [{"a": [[value]]}]},
    ):
        assert INDEX.match(data) <= PATTERNS.keys()


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "a.", ".a", "a..a", "a.a.", "\ud800", "\0", "$or", "$not", "=", "=a", "a" * 10_000],
)
def test_odd_names_are_matched_wherever_they_stand(name: str) -> None:
    index = PatternIndex({**PATTERNS, "named": {name if name[:1] != "$" else f"={name}": {"a": [1]}}})
    assert index.match({name: {"a": 1}}) >= {"named"}
    for data in ({name: 1}, {"a": {name: 1}}, [{name: [1]}], {"a": [{name: {name: {}}}]}):
        assert index.match(data) <= {*PATTERNS, "named"}


DEEP = 100_000


@pytest.mark.parametrize(
    "wrap", [lambda below: [below], lambda below: {"a": below}, lambda below: {"a": [below]}]
)
@pytest.mark.parametrize("beside", [{}, {"a.a": 1, "b": 2}])
def test_depth_is_no_matter(wrap: Any, beside: dict[str, Any]) -> None:
    data: Any = {"a": 1, "b": 2}
    for _ in range(DEEP):
        data = wrap(data)
        if isinstance(data, dict) and isinstance(data["a"], list):
            data["a"].append(beside)
    answer = INDEX.match(data)  # not within an assertion, which would write the data out
    assert answer <= PATTERNS.keys()


@pytest.mark.parametrize("name", ["k{}", "a.{}", "{}.a", "a.a.{}", "b.a.{}.a"])
def test_width_is_no_matter(name: str) -> None:
    data = {name.format(number): [number, {"a": str(number)}] for number in range(10_000)}
    assert INDEX.match(data) <= PATTERNS.keys()
    assert INDEX.match({"a": data, "b": [data]}) <= PATTERNS.keys()


def test_anything_drawn_is_matched() -> None:
    draw = Drawer(Random(1))
    for _ in range(300):
        assert INDEX.match(draw.event()) <= PATTERNS.keys()
