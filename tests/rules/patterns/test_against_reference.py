"""The index answers as the reference does, which shares no code with it.

In the default run what is drawn in bulk is the same every time, so that a red test is due to the change at
hand; the long form draws anew and tells the seed.
"""

from __future__ import annotations

import json
from collections import Counter
from random import Random, SystemRandom
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hookwright.rules import PatternIndex

from . import reference
from .drawn import VALUES, Drawer, operators


def check(patterns: list[dict[str, Any]], events: list[Any], seed: object = None) -> Counter[bool]:
    """One index of all the patterns, asked every event; how many pairs matched and how many did not."""
    named = {f"p{number}": pattern for number, pattern in enumerate(patterns)}
    index = PatternIndex(named)
    answers: Counter[bool] = Counter()
    for event in events:
        expected = {id_ for id_, pattern in named.items() if reference.matches(pattern, event)}
        for answer in (index.match(event), index.match_json(json.dumps(event).encode())):
            for id_ in sorted(expected ^ answer):
                verb = "matches" if id_ in expected else "does not match"
                pytest.fail(f"{named[id_]} {verb} {event} (seed {seed})")
        answers.update({True: len(expected), False: len(named) - len(expected)})
    return answers


def in_bulk(drawn: str, seed: int) -> Counter[bool]:
    """3,600 pairs: one index of 60 patterns, asked 60 events."""
    draw = Drawer(Random(seed))
    if drawn == "rows":
        return check([draw.row_pattern() for _ in range(60)], [draw.row() for _ in range(60)], seed)
    events = [draw.event() for _ in range(60)]
    near = [draw.pattern_near(event) for event in events[:40]]
    return check([*near, *(draw.pattern() for _ in range(20))], events, seed)


def test_every_operator_answers_for_every_value_as_the_reference_does() -> None:
    patterns = [{"a": [alternative]} for alternative in [*VALUES, *operators()]]
    events: list[Any] = [{"a": value} for value in VALUES]
    events += [
        {},
        {"a": []},
        {"a": {}},
        {"a": [[], {}]},
        {"a": {"b": 1}},
        {"a": [0, "a"]},
        {"a": [["A"], None]},
    ]
    assert check(patterns, events).total() > 8_000


@pytest.mark.parametrize("drawn", ["anything", "rows"])
def test_the_index_answers_as_the_reference_does(drawn: str) -> None:
    seen: Counter[bool] = sum((in_bulk(drawn, seed) for seed in range(6)), Counter())
    assert seen.total() >= 20_000
    assert min(seen[True], seen[False]) > 1_500


FEW_FIELDS = ["a", "b", "c", "d.a", "d.b", "e"]
MANY_FIELDS = [f"f{number}" for number in range(100)] + [f"g.f{number}" for number in range(20)]
DEEP_FIELDS = ["a" + ".b" * number for number in range(20)]


@pytest.mark.parametrize("fields", [FEW_FIELDS, MANY_FIELDS, DEEP_FIELDS], ids=["few", "many", "deep"])
def test_a_crowd_of_patterns_over_the_same_fields_is_told_apart(fields: list[str]) -> None:
    draw = Drawer(Random(7))
    events: list[Any] = [draw.crowd_event(fields) for _ in range(6)]
    events += [
        [draw.crowd_event(fields), draw.crowd_event(fields)],
        {"g": draw.crowd_event(["f1", "f2", "f3"])},
    ]
    seen = check([draw.crowd_pattern(fields) for _ in range(600)], events)
    assert min(seen[True], seen[False]) > 300


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("drawn", ["anything", "rows"])
def test_the_index_answers_as_the_reference_does_at_length(drawn: str) -> None:
    start = SystemRandom().randrange(2**60)
    seen: Counter[bool] = sum((in_bulk(drawn, start + number) for number in range(150)), Counter())
    print(f"{drawn}: {seen.total():,} pairs compared, {seen[True]:,} of them match")
    assert seen.total() >= 500_000


DRAWERS = st.builds(Drawer, st.randoms(use_true_random=False))


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(DRAWERS)
def test_a_small_index_answers_as_the_reference_does(draw: Drawer) -> None:
    """What the others find among thousands, this finds in few, and makes small."""
    event = draw.event()
    patterns = [draw.pattern(), draw.pattern_near(event), draw.row_pattern()]
    check(patterns, [event, draw.event(), draw.row()])
