"""The worst inputs cost no more than in proportion to their size.

Told by growth, not by seconds: eight times the input may take up to 24 times the CPU time, where a quadratic
matcher would take 64 times. Of several runs the fastest counts, so other load on the machine plays no part.
"""

from __future__ import annotations

import itertools
import time
import tracemalloc
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from hookwright.rules import PatternIndex

TIMES, MOST = 8, 24


Event: TypeAlias = Callable[[int, int], Any]
"""Makes an event of a size; another number gives another event, so that no answer can be remembered."""


def grows_in_proportion(index: PatternIndex, event: Event, size: int) -> None:
    """Fails when the event of `TIMES` the size costs more than `MOST` times as much, three times over."""
    ratio = MOST + 1.0
    numbers = itertools.count()
    for _ in range(3):
        large = fastest(index, [event(size * TIMES, next(numbers)) for _ in range(3)])
        small = fastest(index, [event(size, next(numbers)) for _ in range(9)])
        ratio = min(ratio, large / small)
        if ratio <= MOST:
            return
    pytest.fail(f"{TIMES} times the size cost {ratio:.0f} times as much")


def fastest(index: PatternIndex, events: list[Any]) -> float:
    spent = []
    for event in events:
        start = time.thread_time()
        index.match(event)
        spent.append(time.thread_time() - start)
    return min(spent)


def texts(*operators: Any) -> PatternIndex:
    """An index with each of the alternatives as a pattern of its own, and all as one."""
    alone = {f"p{number}": {"a": [each]} for number, each in enumerate(operators)}
    return PatternIndex({**alone, "all": {"a": list(operators)}})


WILDCARDS = [
    *(
        "*a*a*a*b",
        "*a*a*a*c*b",
        "a*a*a*a*a*a*a*a*a*a*a*a*b",
        "*aab*aab*",
        "*" + "a" * 60 + "b*",
        "*" + "a*" * 60 + "b",
    ),
    *(f"*{'a' * number}b*{'a' * number}c" for number in range(1, 30)),
]


@pytest.mark.parametrize(
    ("index", "text"),
    [
        pytest.param(texts(*({"wildcard": each} for each in WILDCARDS)), "a", id="wildcards, no end"),
        pytest.param(
            texts(*({"wildcard": each} for each in WILDCARDS)), "aab", id="wildcards, many beginnings"
        ),
        pytest.param(texts({"anything-but": {"wildcard": WILDCARDS}}), "aa", id="refused wildcards"),
        pytest.param(texts(*({"prefix": "a" * number + "b"} for number in range(300))), "a", id="prefixes"),
        pytest.param(texts(*({"suffix": "b" + "a" * number} for number in range(300))), "a", id="suffixes"),
        pytest.param(
            texts(*({"prefix": {"equals-ignore-case": "A" * number + "B"}} for number in range(100))),
            "a",
            id="prefixes, ignoring case",
        ),
        pytest.param(
            texts(*({"equals-ignore-case": "\u00df" * number} for number in range(100))),
            "\u00df",
            id="ignoring case",
        ),
        pytest.param(texts({"number": [">", 0.5]}, {"cidr": "::/0"}), "0.9:1e+", id="nearly a number"),
        pytest.param(
            texts(*({"cidr": f"10.{number}.0.0/16"} for number in range(100))), "10.0.0.", id="addresses"
        ),
    ],
)
def test_a_long_text_costs_in_proportion_to_its_length(index: PatternIndex, text: str) -> None:
    grows_in_proportion(index, lambda size, number: {"a": text * (size + number) + "b"}, 20_000)


@pytest.mark.parametrize("text", ["{}", "-{}", "0.{}", "1e{}", "{}e1", "{}.5", "0{}"])
def test_a_long_number_in_a_text_costs_in_proportion_to_its_length(text: str) -> None:
    index = texts({"number": [">", 10**400]}, {"number": ["<", -1.5]}, {"number": ["=", 1]})
    grows_in_proportion(index, lambda size, number: {"a": text.format("9" * (size + number))}, 20_000)


def test_a_long_list_of_texts_costs_in_proportion_to_its_length() -> None:
    index = texts(*({"wildcard": each} for each in WILDCARDS))
    grows_in_proportion(
        index, lambda size, number: {"a": [f"{'aab' * 5}{number}-{n}" for n in range(size)]}, 30
    )


ABSENT = [{"exists": False}]


@pytest.mark.parametrize(
    ("pattern", "row"),
    [
        ({"a": 1, "b": 2}, lambda number: {"a": number % 2, "b": 2 - number % 2 * 2}),
        ({"a": 1, "b": ABSENT}, lambda _: {"a": 1, "b": 1}),
        ({"$or": [{"a": 1, "b": 2}, {"a": 2, "b": 1}], "c": 3}, lambda number: {"a": number % 3, "c": 3}),
        ({"e": {"a": 1, "b": 2}, "c": 3}, lambda _: {"c": 3, "e": [{"a": 1}, {"b": 2}]}),
        ({"$not": {"a": 1, "b": 2}, "c": 3}, lambda _: {"a": 1, "c": 2}),
        ({"a": [1, *ABSENT], "b": [2, *ABSENT]}, lambda _: {"a": 2, "b": 1}),
    ],
)
def test_a_long_list_of_objects_costs_in_proportion_to_its_length(pattern: Any, row: Any) -> None:
    index = PatternIndex({"p": {"d": pattern}})
    grows_in_proportion(index, lambda size, _: {"d": [row(number) for number in range(size)]}, 100)


def test_a_field_with_many_dotted_names_costs_in_proportion_to_them() -> None:
    index = PatternIndex({"p": {"d": {"a": {"b": 1, "c": 2}}}, "q": {"d": {"a": {"b": ABSENT, "c": 3}}}})
    grows_in_proportion(index, lambda size, _: {"d": {f"a.x{n}": n for n in range(size)}}, 200)


def test_a_deep_event_costs_in_proportion_to_its_depth() -> None:
    def deep(size: int, _: int) -> Any:
        data: Any = {"b": 1}
        for _ in range(size):
            data = {"a": [data, {"b": 2}]}
        return data

    index = PatternIndex({"p": {"a": {"b": 1, "c": 1}}, "q": {"a": {"a": {"b": 1, "c": ABSENT}}}})
    grows_in_proportion(index, deep, 500)


def test_memory_does_not_grow_with_the_events_seen() -> None:
    """What is remembered of texts is bounded."""
    index = texts({"wildcard": "*b*a*b"}, {"prefix": {"equals-ignore-case": "b"}}, {"anything-but": "b"})
    numbers = iter(range(100_000))

    def after(events: int) -> int:
        for number in itertools.islice(numbers, events):
            index.match({"a": f"text {number}"})
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        few = after(5_000)
        assert after(15_000) - few < 600_000  # a dictionary of so many texts takes twice that
    finally:
        tracemalloc.stop()


def test_more_wildcards_cost_in_proportion_to_their_number() -> None:
    events = [{"a": "ab" * (500 + number)} for number in range(5)]
    few, many = (
        texts(*({"wildcard": f"*b{'ab*' * (number % 7)}a{number}*"} for number in range(size)))
        for size in (50, 50 * TIMES)
    )
    assert fastest(many, events) <= MOST * fastest(few, events)
