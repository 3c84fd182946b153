"""Whatever JSON comes in, matching raises nothing, needs no stack for depth, and does not explode."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookwright.rules import PatternIndex

JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=5),
        st.sampled_from(["1e999", "x"]),
    ),
    lambda below: st.one_of(
        st.lists(below, max_size=4),
        st.dictionaries(
            st.one_of(st.text(max_size=3), st.sampled_from(["a", "b", "a.b", "."])), below, max_size=4
        ),
    ),
    max_leaves=20,
)
EVERYTHING = PatternIndex(
    {
        "exact": {"a": ["x", 1, None, True], "b": [1]},
        "numbers": {"a.b": [{"number": [">", 0.5]}, {"numeric": ["<", 10**400]}]},
        "text": {"a": [{"prefix": "x"}, {"wildcard": "*x*"}, {"suffix": {"equals-ignore-case": "X"}}]},
        "address": {"a": [{"cidr": "::/0"}, {"cidr": "0.0.0.0/0"}]},
        "logic": {
            "$not": {"a": {"b": [{"exists": False}]}},
            "$or": [{"a": {"a": 1}}, {".": [{"anything-but": 1}]}],
        },
        "absent": {"a": {"b": [{"exists": False}], "a": [{"exists": True}]}},
    }
)


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_no_json_value_makes_matching_raise(data: Any) -> None:
    assert EVERYTHING.match(data) <= {"exact", "numbers", "text", "address", "logic", "absent"}


def nested(levels: int, innermost: Any, wrap: Any) -> Any:
    value = innermost
    for _ in range(levels):
        value = wrap(value)
    return value


@pytest.mark.parametrize("levels", [64, 300, 900])
def test_depth_of_objects_costs_no_stack(levels: int) -> None:
    pattern = nested(levels, {"x": 1, "y": [{"exists": False}]}, lambda below: {"a": below})
    index = PatternIndex({"p": pattern})
    assert index.match(nested(levels, {"x": 1}, lambda below: {"a": below})) == {"p"}
    assert index.match(nested(levels, {"x": 1, "y": 0}, lambda below: {"a": below})) == set()


@pytest.mark.parametrize("levels", [64, 300, 3000])
def test_depth_of_lists_costs_no_stack(levels: int) -> None:
    index = PatternIndex({"p": {"a": {"x": 1, "y": 2}}, "q": {"a": {"x": 1, "y": [{"exists": False}]}}})
    assert index.match({"a": nested(levels, {"x": 1, "y": 2}, lambda below: [below])}) == {"p"}
    assert index.match({"a": nested(levels, {"x": 1}, lambda below: [{"y": 3}, below])}) == {"q"}


@pytest.mark.parametrize("levels", [64, 300, 900])
def test_depth_of_lists_of_objects_costs_no_stack(levels: int) -> None:
    pattern = nested(levels, {"x": 1, "y": 2}, lambda below: {"a": below})
    index = PatternIndex({"p": pattern})
    assert index.match(nested(levels, {"x": 1, "y": 2}, lambda below: {"a": [{"x": 1}, below]})) == {"p"}
    assert index.match(nested(levels, {"x": 1, "y": 3}, lambda below: {"a": [below]})) == set()


def test_a_number_with_thousands_of_digits_is_compared_exactly() -> None:
    index = PatternIndex({"p": {"a": [{"number": [">", 10**30]}]}})
    assert index.match({"a": "9" * 10_000}) == {"p"}
    assert index.match({"a": "-" + "9" * 10_000}) == set()
    assert index.match({"a": "0" * 10_000}) == set()


def test_a_wildcard_is_linear_in_the_text() -> None:
    index = PatternIndex({"p": {"a": [{"wildcard": "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b*c"}]}})
    assert index.match({"a": "a" * 1_000_000 + "c"}) == set()
    assert index.match({"a": "a" * 1_000_000 + "bc"}) == {"p"}


def test_many_independent_lists_are_not_multiplied() -> None:
    names = [f"f{number}" for number in range(40)]
    pattern = {name: {"x": 1, "y": 2} for name in names}
    data = {name: [{"x": 1, "y": at % 2 + 1} for at in range(50)] for name in names}
    index = PatternIndex({"p": pattern})
    assert index.match(data) == {"p"}
    data["f39"] = [{"x": 1, "y": 1}, {"x": 2, "y": 2}]
    assert index.match(data) == set()


def test_lists_in_lists_are_looked_at_once() -> None:
    pattern = nested(6, {"x": 1, "y": 2}, lambda below: {"x": 1, "a": below})
    data = nested(6, {"x": 1, "y": 3}, lambda below: {"x": 1, "a": [below] * 4})
    assert PatternIndex({"p": pattern}).match(data) == set()


def test_a_field_spelt_in_many_ways_is_not_multiplied_out() -> None:
    names = [f"x{number}" for number in range(8)]
    pattern = {"a": {"b": {"c": {"d": dict.fromkeys(names, 1)}}}}
    rows = [{name: int(name == other) for name in names} for other in names[:7]]
    data = {
        "a.b.c.d": rows,
        "a": {"b.c.d": rows, "b": {"c.d": rows, "c": {"d": rows}}, "b.c": {"d": rows}},
        "a.b": {"c.d": rows, "c": {"d": rows}},
        "a.b.c": {"d": rows},
    }
    assert PatternIndex({"p": pattern}).match(data) == set()
    data["a.b.c.d"] = [*rows, {"x7": 1}]
    assert PatternIndex({"p": pattern}).match(data) == {"p"}


def test_many_disjunctions_over_plain_fields_are_not_multiplied_out() -> None:
    pattern = {"$and": [{"$or": [{f"a{n}": 1}, {f"b{n}": 1}]} for n in range(200)]}
    data = {f"a{n}": 1 for n in range(200)}
    index = PatternIndex({"p": pattern})
    assert index.match(data) == {"p"}
    assert index.match({**data, "a0": 2}) == set()


def test_many_disjunctions_below_one_list_are_not_multiplied_out() -> None:
    pattern = {"rows": {"$and": [{"$or": [{f"a{n}": 1}, {f"b{n}": 1}]} for n in range(30)]}}
    full = {f"{letter}{n}": 1 for n in range(30) for letter in "ab"}
    rows = [{**full, f"a{n}": 0, f"b{n}": 0} for n in range(30)]
    index = PatternIndex({"p": pattern})
    assert index.match({"rows": rows}) == set()
    assert index.match({"rows": [*rows, {**full, "a3": 0}]}) == {"p"}


@pytest.mark.timeout(60)
def test_many_disjunctions_below_a_long_list_are_not_multiplied_out() -> None:
    """Most elements meet many of them, each in another way, and none meets all."""
    pattern = {"rows": {"$and": [{"$or": [{f"a{n}": 1}, {f"b{n}": 1}]} for n in range(20)]}}
    rows = [
        {f"{letter}{n}": 1 for n in range(20) for letter in "ab" if n != at % 20 and (at * 7 + n) % 9}
        | {f"a{n}": 1 for n in range(20) if n != at % 20 and at >> (n % 11) & 1}
        for at in range(2000)
    ]
    index = PatternIndex({"p": pattern})
    assert index.match({"rows": rows}) == set()
    assert index.match({"rows": [*rows, {f"b{n}": 1 for n in range(20)}]}) == {"p"}


@pytest.mark.timeout(60)
def test_choices_in_lists_below_different_names_are_made_apart() -> None:
    either = [1, {"exists": False}]
    index = PatternIndex({"p": {f"l{n}": {"x": either, "y": either} for n in range(20)}})
    good, bad = [{"x": 1, "y": 2}, {"x": 1}, {"y": 1}], [{"x": 1, "y": 2}, {"x": 2, "y": 1}]
    data: dict[str, Any] = {f"l{n}": good for n in range(20)}
    for answer, data_now in [({"p"}, data), (set(), {**data, "l19": bad})]:
        assert index.match(data_now) == index.match_json(json.dumps(data_now).encode()) == answer


@pytest.mark.timeout(60)
def test_many_fields_that_may_be_absent_in_one_list_are_not_multiplied_out() -> None:
    pattern = {"rows": {f"f{n}": [1, {"exists": False}] for n in range(40)}}
    rows = [
        {f"f{n}": 2 if n == at else 1 for n in range(40) if n % 7 != at % 7 or n == at} for at in range(40)
    ]
    index = PatternIndex({"p": pattern})
    assert index.match({"rows": rows}) == set()
    assert index.match({"rows": [*rows, {"f3": 1}]}) == {"p"}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("levels", [20, 63])
def test_what_stands_in_many_nots_is_decided_once_each(levels: int) -> None:
    met = {"rows": {"x": 1, "y": 1}}
    pattern: dict[str, Any] = met
    for _ in range(levels):
        pattern = {**met, "$not": pattern}
    data = {"rows": [{"x": 1, "y": 1}, {"x": 2, "y": 2}]}
    assert PatternIndex({"p": pattern}).match(data) == ({"p"} if levels % 2 == 0 else set())


def test_long_names_cost_nothing_where_no_pattern_asks() -> None:
    data = nested(30, {str(n): n for n in range(5000)}, lambda below: {"k" * 10_000: below, "a": 1})
    assert PatternIndex({"p": {"a": 1}, "q": {"a": {"b": 1}}}).match(data) == {"p"}


def test_a_list_beside_a_pattern_with_thousand_fields_is_walked_once_a_field() -> None:
    pattern = {"rows": {f"f{n}": 1 for n in range(300)}}
    row = {f"f{n}": 1 for n in range(300)}
    data = {"rows": [{**row, "f299": 0} for _ in range(100)]}
    index = PatternIndex({"p": pattern})
    assert index.match(json.loads(json.dumps(data))) == set()
    data["rows"].append(row)
    assert index.match(data) == {"p"}


def test_a_long_disjunction_beside_many_conditions_is_not_multiplied_out() -> None:
    rest = {f"f{n}": 1 for n in range(1000)}
    index = PatternIndex({"p": {**rest, "$or": [{"x": n, "y": n} for n in range(1000)]}})
    assert index.match({**rest, "x": 7, "y": 7}) == {"p"}
    assert index.match({**rest, "x": 7, "y": 8}) == set()


def test_many_alternatives_of_many_patterns_are_not_multiplied_out() -> None:
    values = [f"v{n}" for n in range(100)]
    index = PatternIndex({f"p{n}": dict.fromkeys("abcdef", values) for n in range(50)})
    assert len(index.match(dict.fromkeys("abcdef", "v3"))) == 50
    assert index.match({**dict.fromkeys("abcdef", "v3"), "f": "w"}) == set()


def test_more_places_than_pay_for_code_are_read_all_the_same() -> None:
    index = PatternIndex({f"p{n}": {f"o{n // 50}": {f"f{n % 50}": n}} for n in range(3000)})
    assert index.match({"o1": {"f1": 51, "f2": 51, "other": 1}}) == {"p51"}
    assert index.match({"o1.f1": 51}) == index.match_json(b'{"o1": [{"f1": 51}]}') == {"p51"}


def test_a_number_on_a_bound_is_told_from_one_beside_it() -> None:
    bounds = {"le": ["<=", 3], "lt": ["<", 3], "ge": [">=", 3], "gt": [">", 3], "in": [">=", 1, "<", 3]}
    index = PatternIndex({name: {"a": [{"numeric": written}]} for name, written in bounds.items()})
    assert index.match({"a": 3}) == index.match({"a": 3.0}) == {"le", "ge"}
    assert index.match({"a": 2.9999999999999996}) == {"le", "lt", "in"}
    assert index.match({"a": [{"a": 1}, 10**400, 3]}) == {"le", "ge", "gt"}
    assert index.match({"a": float("nan")}) == index.match({"a": [True, float("nan")]}) == set()
    assert index.match({"a": [0, float("nan"), 4]}) == {"le", "lt", "ge", "gt"}
