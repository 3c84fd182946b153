"""Explaining and matching never disagree, and what an explanation says of its parts adds up."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from random import Random, SystemRandom
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hookwright.rules import PatternIndex
from hookwright.rules.explain import Clause, choices, explain_pattern
from hookwright.rules.explain.leaves import read_leaves
from hookwright.rules.pattern import AnyOf, parse_pattern
from hookwright.schemas.problem import Place

from ..patterns.drawn import Drawer


def nowhere(steps: tuple[str | int, ...], *, key: bool = False) -> Place:
    return Place("hooks.yaml", 1, 1)


def check(patterns: list[dict[str, Any]], events: list[Any], seed: object = None) -> Counter[bool]:
    """How many pairs matched and how many did not."""
    index = PatternIndex({str(number): pattern for number, pattern in enumerate(patterns)})
    answers: Counter[bool] = Counter()
    for event in events:
        matched = index.match(event)
        for number, pattern in enumerate(patterns):
            clause = explain_pattern(pattern, event, nowhere)
            assert clause.holds == (str(number) in matched), (pattern, event, seed)
            for each in clauses(clause):
                adds_up(each)
            answers[clause.holds] += 1
    return answers


def clauses(clause: Clause) -> Iterator[Clause]:
    yield clause
    for part in clause.parts:
        yield from clauses(part)


def adds_up(clause: Clause) -> None:
    """What a clause says follows from what it shows."""
    holding = [part.holds for part in clause.parts]
    if clause.kind == "field":
        met = any(found.met is not None for found in clause.found)
        absent = any(expected.says == "no value at all" for expected in clause.expected)
        assert met or absent if clause.holds else not met or clause.found
        assert bool(clause.found) != bool(clause.lack)
    elif clause.kind == "not":
        assert holding == [not clause.holds]
    elif clause.kind == "or":
        assert clause.holds == any(holding)
    elif clause.holds:
        assert all(holding)
    elif all(holding):
        assert clause.conflict or clause.hint, "every part holds: something must say why the whole does not"
    if clause.conflict:
        assert all(element.misses for element in clause.conflict.elements)


def in_bulk(drawn: str, seed: int) -> Counter[bool]:
    """400 pairs, of patterns that are near an event or near nothing."""
    draw = Drawer(Random(seed))
    if drawn == "rows":
        return check([draw.row_pattern() for _ in range(20)], [draw.row() for _ in range(20)], seed)
    events = [draw.event() for _ in range(20)]
    near = [draw.pattern_near(event) for event in events[:14]]
    return check([*near, *(draw.pattern() for _ in range(6))], events, seed)


@pytest.mark.parametrize("drawn", ["anything", "rows"])
def test_an_explanation_says_what_the_index_answers(drawn: str) -> None:
    seen: Counter[bool] = sum((in_bulk(drawn, seed) for seed in range(2)), Counter())
    assert seen.total() == 800
    assert min(seen[True], seen[False]) > 50


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("drawn", ["anything", "rows"])
def test_an_explanation_says_what_the_index_answers_at_length(drawn: str) -> None:
    start = SystemRandom().randrange(2**60)
    seen: Counter[bool] = sum((in_bulk(drawn, start + number) for number in range(500)), Counter())
    print(f"{drawn}: {seen.total():,} pairs compared, {seen[True]:,} of them match")
    assert seen.total() == 200_000


def test_beyond_its_bounds_an_explanation_still_says_what_the_index_answers(monkeypatch) -> None:
    monkeypatch.setattr(choices, "MOST_STEPS", 3)
    draw = Drawer(Random(1))
    events = [draw.event() for _ in range(15)]
    patterns = [draw.pattern_near(event) for event in events]
    index = PatternIndex({str(number): pattern for number, pattern in enumerate(patterns)})
    for event in events:
        held = {str(at) for at, each in enumerate(patterns) if explain_pattern(each, event, nowhere).holds}
        assert held == index.match(event)


def test_what_is_tried_for_all_parts_of_a_pattern_is_bounded(monkeypatch) -> None:
    for name, most in (("MOST_STEPS", 200), ("MOST_IN_ALL", 600), ("FEW", 5)):
        monkeypatch.setattr(choices, name, most)
    random = Random(3)
    fields = [f"l{number}" for number in range(10)]
    data = {
        field: [{"a": random.randrange(4), "b": random.randrange(4)} for _ in range(50)] for field in fields
    }
    branches = [
        {field: {"a": [1, 2], "b": [2, 1]} for field in random.sample(fields, 6)} | {"l0.a": [9]}
        for _ in range(60)
    ]
    root = parse_pattern({"$or": branches}).root
    assert isinstance(root, AnyOf)
    paths = [(field, name) for field in fields for name in "ab"]
    tried = choices.Choices(read_leaves(data, paths))
    for branch in root.branches:
        with contextlib.suppress(choices.TooManyError):
            assert tried.winning(branch) is None
    assert 600 < tried.steps <= 600 + 60 * 6
    assert not explain_pattern({"$or": branches}, data, nowhere).holds


DRAWERS = st.builds(Drawer, st.randoms(use_true_random=False))


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(DRAWERS)
def test_a_single_pattern_is_explained_as_it_is_matched(draw: Drawer) -> None:
    event = draw.event()
    check([draw.pattern_near(event), draw.pattern(), draw.row_pattern()], [event, draw.row()])
