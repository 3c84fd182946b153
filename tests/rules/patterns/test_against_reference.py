"""The index answers as a slow, obvious matcher does, which shares no code with it.

The reference takes a pattern as written, multiplies it out into conjunctions, lists the leaves of the event
with the list elements each one lies in, and tries every choice of leaves. Patterns and events are drawn from
a handful of names and values, so that everything collides with everything.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hookwright.rules import PatternIndex

# ---------------------------------------------------------------------------------------------- the reference


class Leaf(NamedTuple):
    path: str
    value: Any
    elements: dict[int, int]  # which element of which list the leaf lies in


class Wanted(NamedTuple):
    kind: str  # "leaf", "absent" or "not"
    path: str | None
    detail: Any


def reference_matches(pattern: dict[str, Any], event: Any) -> bool:
    leaves = list(leaves_of(event))
    return any(conjunction_holds(wanted, leaves) for wanted in conjunctions(pattern, None))


def leaves_of(event: Any) -> Iterator[Leaf]:
    lists = itertools.count()

    def walk(value: Any, path: str | None, elements: dict[int, int]) -> Iterator[Leaf]:
        if isinstance(value, dict):
            for key, under in value.items():
                yield from walk(under, joined(path, key), elements)
        elif isinstance(value, list):
            number = next(lists)
            for position, each in enumerate(value):
                inside = {**elements, number: position} if isinstance(each, dict | list) else elements
                yield from walk(each, path, inside)
        elif path is not None:
            yield Leaf(path, value, elements)

    return walk(event, None, {})


def joined(path: str | None, key: str) -> str:
    return key if path is None else f"{path}.{key}"


def conjunctions(pattern: dict[str, Any], path: str | None) -> list[list[Wanted]]:
    found: list[list[Wanted]] = [[]]
    for key, value in pattern.items():
        found = [before + more for before in found for more in member(key, value, path)]
    return found


def member(key: str, value: Any, path: str | None) -> list[list[Wanted]]:
    if key == "$or":
        return [each for branch in value for each in conjunctions(branch, path)]
    if key == "$and":
        product = itertools.product(*(conjunctions(branch, path) for branch in value))
        return [[wanted for part in parts for wanted in part] for parts in product]
    if key == "$not":
        return [[Wanted("not", path, value)]]
    here = joined(path, key)
    if isinstance(value, dict):
        return conjunctions(value, here)
    alternatives = value if isinstance(value, list) else [value]
    present = [each for each in alternatives if each != {"exists": False}]
    ways = [[Wanted("leaf", here, present)]] if present else []
    return ways + ([[Wanted("absent", here, None)]] if len(present) < len(alternatives) else [])


def conjunction_holds(wanted: list[Wanted], leaves: list[Leaf]) -> bool:
    for each in wanted:
        if each.kind == "not":
            alone = conjunctions(each.detail, each.path)
            if any(conjunction_holds(other, leaves) for other in alone):
                return False
    choices = [
        [
            leaf
            for leaf in leaves
            if leaf.path == each.path and any(holds(one, leaf.value) for one in each.detail)
        ]
        for each in wanted
        if each.kind == "leaf"
    ]
    absent = [leaf for leaf in leaves if Wanted("absent", leaf.path, None) in wanted]
    return any(
        not any(agree(chosen, leaf.elements) for leaf in absent) for chosen in consistent_choices(choices)
    )


def consistent_choices(choices: list[list[Leaf]]) -> list[dict[int, int]]:
    """Which element of each list is chosen, for every way to take one leaf of each of `choices`."""
    ways: list[dict[int, int]] = [{}]
    for leaves in choices:
        more = [{**way, **leaf.elements} for way in ways for leaf in leaves if agree(way, leaf.elements)]
        ways = [way for number, way in enumerate(more) if way not in more[:number]]
    return ways


def agree(one: dict[int, int], other: dict[int, int]) -> bool:
    return all(other.get(number, position) == position for number, position in one.items())


def holds(alternative: Any, value: Any) -> bool:
    if not isinstance(alternative, dict):
        return same(alternative, value)
    ((name, operand),) = alternative.items()
    return {
        "exactly": lambda: same(operand, value),
        "exists": lambda: True,
        "prefix": lambda: text(value) and begins(operand, value),
        "suffix": lambda: text(value) and ends(operand, value),
        "equals-ignore-case": lambda: text(value) and operand.casefold() == value.casefold(),
        "wildcard": lambda: text(value) and wild(operand, value),
        "numeric": lambda: compares(operand, value),
        "number": lambda: compares(operand, float(value) if text(value) and value.isdigit() else value),
        "anything-but": lambda: not refused(operand, value),
    }[name]()


def same(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)


def text(value: Any) -> bool:
    return isinstance(value, str)


def begins(operand: Any, value: str) -> bool:
    if isinstance(operand, dict):
        return value.casefold().startswith(operand["equals-ignore-case"].casefold())
    return value[: len(operand)] == operand


def ends(operand: Any, value: str) -> bool:
    if isinstance(operand, dict):
        return value.casefold().endswith(operand["equals-ignore-case"].casefold())
    return value.endswith(operand)


def wild(operand: str, value: str) -> bool:
    if not operand:
        return not value
    if operand[0] == "*":
        return any(wild(operand[1:], value[skip:]) for skip in range(len(value) + 1))
    return value[:1] == operand[0] and wild(operand[1:], value[1:])


def compares(operand: list[Any], value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    signs = {
        "<": lambda bound: value < bound,
        "<=": lambda bound: value <= bound,
        "=": lambda bound: value == bound,
        ">": lambda bound: value > bound,
        ">=": lambda bound: value >= bound,
    }
    return all(signs[operand[at]](operand[at + 1]) for at in range(0, len(operand), 2))


def refused(operand: Any, value: Any) -> bool:
    if isinstance(operand, dict):
        ((name, inner),) = operand.items()
        return any(holds({name: each}, value) for each in (inner if isinstance(inner, list) else [inner]))
    return any(same(each, value) for each in (operand if isinstance(operand, list) else [operand]))


# ------------------------------------------------------------------------------------------ what is drawn

KEYS = st.sampled_from(["a", "b", "c", "a.b", "a.a"])
TEXTS = st.sampled_from(["", "x", "X", "xy", "yx", "1", "0"])
NUMBERS = st.sampled_from([0, 1, 1.0, 2, 2.5, 9007199254740993])
SCALARS = st.one_of(TEXTS, NUMBERS, st.booleans(), st.none())
WILDCARDS = st.sampled_from(["*", "x*", "*x", "x*y", "*y*", ""])
RANGES = st.sampled_from([[">", 0], ["<=", 1], ["=", 1], [">=", 0, "<", 2], [">", 1, "<=", 9007199254740993]])
FULL = st.sampled_from(["x", "y", "xY"])
REFUSED = st.one_of(
    TEXTS,
    NUMBERS,
    st.lists(TEXTS, min_size=1, max_size=2),
    st.fixed_dictionaries({"prefix": FULL}),
    st.fixed_dictionaries({"suffix": st.lists(FULL, min_size=1, max_size=2)}),
    st.fixed_dictionaries({"equals-ignore-case": FULL}),
    st.fixed_dictionaries({"wildcard": WILDCARDS}),
)
OPERATORS = st.one_of(
    st.fixed_dictionaries({"exists": st.booleans()}),
    st.just({"exists": False}),
    st.fixed_dictionaries({"prefix": st.one_of(TEXTS, st.fixed_dictionaries({"equals-ignore-case": FULL}))}),
    st.fixed_dictionaries({"suffix": st.one_of(TEXTS, st.fixed_dictionaries({"equals-ignore-case": FULL}))}),
    st.fixed_dictionaries({"equals-ignore-case": TEXTS}),
    st.fixed_dictionaries({"exactly": TEXTS}),
    st.fixed_dictionaries({"wildcard": WILDCARDS}),
    st.fixed_dictionaries({"numeric": RANGES}),
    st.fixed_dictionaries({"number": RANGES}),
    st.fixed_dictionaries({"anything-but": REFUSED}),
)
FIELDS = st.one_of(
    SCALARS, st.lists(st.one_of(SCALARS, OPERATORS), min_size=1, max_size=2), st.just([{"exists": False}])
)


def objects(below: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(KEYS, below, min_size=1, max_size=3)


def with_logic(plain: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    branches = st.lists(plain, min_size=2, max_size=2)
    logic = st.one_of(  # one word at a time: the reference multiplies out
        st.just({}),
        st.fixed_dictionaries({"$or": branches}),
        st.fixed_dictionaries({"$and": branches}),
        st.fixed_dictionaries({"$not": plain}),
    )
    return st.builds(lambda fields, more: {**fields, **more}, plain, logic)


SHALLOW = objects(st.one_of(FIELDS, objects(FIELDS)))
PATTERNS = st.one_of(
    SHALLOW, with_logic(SHALLOW), with_logic(objects(st.one_of(FIELDS, with_logic(objects(FIELDS)))))
)
EVENT_KEYS = st.sampled_from(["a", "b", "c", "a.b", "a.a", "d"])
EVENTS = st.recursive(
    SCALARS,
    lambda below: st.one_of(
        st.lists(below, max_size=3),
        st.dictionaries(EVENT_KEYS, below, max_size=3),
        st.lists(st.dictionaries(EVENT_KEYS, below, max_size=3), max_size=3),
    ),
    max_leaves=12,
)
ROOTS = st.one_of(
    st.dictionaries(EVENT_KEYS, st.one_of(EVENTS, st.lists(EVENTS, max_size=3)), min_size=1, max_size=4),
    EVENTS,
)


def check(patterns: list[dict[str, Any]], events: list[Any]) -> None:
    named = {f"p{number}": pattern for number, pattern in enumerate(patterns)}
    index = PatternIndex(named)
    for event in events:
        expected = {id_ for id_, pattern in named.items() if reference_matches(pattern, event)}
        assert index.match(event) == expected, event


ALL_CHECKS = list(HealthCheck)


@settings(max_examples=150, deadline=None, suppress_health_check=ALL_CHECKS)
@given(st.lists(PATTERNS, min_size=4, max_size=4), st.lists(ROOTS, min_size=5, max_size=5))
def test_the_index_answers_as_the_reference_does(patterns: list[dict[str, Any]], events: list[Any]) -> None:
    check(patterns, events)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@settings(max_examples=5000, deadline=None, suppress_health_check=ALL_CHECKS)
@given(st.lists(PATTERNS, min_size=4, max_size=4), st.lists(ROOTS, min_size=5, max_size=5))
def test_the_index_answers_as_the_reference_does_at_length(
    patterns: list[dict[str, Any]], events: list[Any]
) -> None:
    check(patterns, events)


INNER = st.lists(
    st.dictionaries(st.sampled_from(["a", "b", "c"]), st.sampled_from([1, 2]), max_size=3), max_size=3
)
OUTER = st.lists(
    st.fixed_dictionaries(
        {}, optional={"a": st.sampled_from([1, 2]), "e": INNER, "e.a": st.sampled_from([1, 2])}
    ),
    max_size=3,
)
ROWS = st.fixed_dictionaries({}, optional={"d": OUTER, "d.e": INNER, "c": st.sampled_from([1, 2])})
ONE = st.sampled_from([1, 2, [1, 2], [{"exists": False}], [1, {"exists": False}], [{"exists": True}]])
BELOW_INNER = st.dictionaries(st.sampled_from(["a", "b", "c"]), ONE, min_size=1, max_size=2)
BELOW_OUTER = with_logic(
    st.fixed_dictionaries({}, optional={"a": ONE, "e": with_logic(BELOW_INNER)}).filter(bool)
)
ROW_PATTERNS = st.builds(
    lambda below, more: {"d": below, **more}, BELOW_OUTER, st.sampled_from([{}, {"c": 1}])
)


@settings(max_examples=150, deadline=None, suppress_health_check=ALL_CHECKS)
@given(st.lists(ROW_PATTERNS, min_size=4, max_size=4), st.lists(ROWS, min_size=4, max_size=4))
def test_conditions_below_lists_in_lists_agree_as_in_the_reference(
    patterns: list[dict[str, Any]], events: list[Any]
) -> None:
    check(patterns, events)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@settings(max_examples=5000, deadline=None, suppress_health_check=ALL_CHECKS)
@given(st.lists(ROW_PATTERNS, min_size=4, max_size=4), st.lists(ROWS, min_size=4, max_size=4))
def test_conditions_below_lists_in_lists_agree_at_length(
    patterns: list[dict[str, Any]], events: list[Any]
) -> None:
    check(patterns, events)
