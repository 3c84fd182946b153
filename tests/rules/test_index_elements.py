"""Which choice of list elements makes a pattern true: the cases that are easy to get wrong."""

from __future__ import annotations

from typing import Any

import pytest

from hookwright.rules import PatternIndex

ABSENT = [{"exists": False}]
PRESENT = [{"exists": True}]


def matches(pattern: dict[str, Any], data: Any) -> bool:
    return PatternIndex({"p": pattern}).match(data) == {"p"}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"d": [{"e": [{"x": 1}, {"y": 2}]}]}, False),  # two elements of the inner list
        ({"d": [{"e": [{"x": 1, "y": 2}]}]}, True),
        ({"d": [{"e": [{"x": 1}]}, {"e": [{"y": 2}]}]}, False),  # two elements of the outer list
        ({"d": [[{"e": {"x": 1}}, {"e": {"y": 2}}]]}, False),
        ({"d": [[{"e": {"x": 1}}], [{"e": {"x": 1, "y": 2}}]]}, True),
        ({"d": {"e": [{"x": 1, "y": 2}]}}, True),
        ({"d": [{"e": {"x": [1, 3], "y": [4, 2]}}]}, True),  # plain values are free
        ({"d": [{"e": [{"x": 1}], "e.y": 2}]}, True),  # "e.y" lies in no element of the inner list
    ],
)
def test_all_conditions_speak_of_one_element_of_each_list(data: Any, expected: bool) -> None:
    assert matches({"d": {"e": {"x": 1, "y": 2}}}, data) is expected


def test_a_plain_value_and_an_object_of_one_list_stand_together() -> None:
    assert matches({"d": 1, "d.a": 2}, {"d": [1, {"a": 2}]})
    assert matches({"$and": [{"d": 1}, {"d": 2}]}, {"d": [1, 2]})
    assert not matches({"$and": [{"d": 1}, {"d": 2}]}, {"d": [[1], [2]]})
    assert matches({"$and": [{"d": 1}, {"d": 2}]}, {"d": [[1], [1, 2]]})


def test_a_branch_that_is_not_taken_chooses_no_element() -> None:
    pattern = {"$or": [{"d": {"a": 1}, "e": 1}, {"d": {"b": ABSENT}}]}
    assert not matches(pattern, {"d": [{"a": 1}, {"b": 1}]})
    assert matches(pattern, {"d": [{"a": 1}, {"b": 1}], "e": 1})
    assert matches(pattern, {"d": [{"a": 1}, {"a": 2}]})


def test_one_condition_chooses_one_leaf_however_often_the_field_is_spelt() -> None:
    pattern = {"d": {"e": {"a": 1, "b": ABSENT}}}
    rows = [{"a": 1}, {"a": 1, "b": 1}]
    assert matches(pattern, {"d.e": rows})
    assert not matches(pattern, {"d.e": rows, "d": {"e": rows}})
    assert matches(pattern, {"d.e": rows, "d": {"e": [{"c": 1}]}})


def test_a_condition_that_is_mentioned_twice_chooses_twice() -> None:
    once, twice = {"a": 1}, {"$and": [{"a": 1}, {"a": 1}]}
    data = {"d": {"e": [{"a": 1}, {"b": 1}]}, "d.e": [{"a": 1}, {"b": 1}]}
    assert matches({"d": {"e": {**twice, "b": ABSENT}}}, data)  # from either list, so "b" is judged in both
    assert not matches({"d": {"e": {**once, "b": ABSENT}}}, data)


def test_a_field_spelt_twice_may_be_met_on_either_way() -> None:
    pattern = {"d": {"e": {"x": 1, "y": 2, "z": 3}}}
    assert matches(pattern, {"d.e": [{"x": 1}, {"z": 3}], "d": {"e": [{"x": 1}, {"y": 2, "x": 1}], "e.z": 3}})
    assert matches(pattern, {"d.e": [{"x": 1}, {"z": 3}], "d": {"e": [{"z": 3, "x": 0}, {"y": 2, "x": 1}]}})
    assert not matches(pattern, {"d.e": [{"x": 1}, {"z": 3}], "d": {"e": [{"z": 3}, {"y": 2}]}})


def test_not_looks_at_every_element_by_itself() -> None:
    pattern = {"d": {"k": PRESENT, "$not": {"a": 1, "b": 2}}}
    assert matches(pattern, {"d": [{"k": 1, "a": 1}, {"b": 2}]})
    assert not matches(pattern, {"d": [{"k": 1}, {"a": 1, "b": 2}]})


def test_absence_is_judged_in_the_lists_that_were_chosen_from() -> None:
    pattern = {"d": {"k": 1, "e": {"x": 1, "y": ABSENT}}}
    assert matches(pattern, {"d": [{"k": 1, "e": [{"x": 1}, {"y": 1}]}, {"e": [{"y": 1}]}]})
    assert not matches(pattern, {"d": [{"k": 1, "e": [{"x": 1, "y": 1}, {"x": 2}]}]})


def test_a_branch_that_is_true_anyway_leaves_the_choice_to_another() -> None:
    pattern = {"d": {"a": ABSENT, "$or": [{"b": ABSENT}, {"c": 1}]}}
    assert matches(pattern, {"d": [{"a": 1}, {"c": 1}]})  # `c` chooses an element, and it lacks `a`
    assert not matches(pattern, {"d": [{"a": 1}, {"c": 2}]})  # nothing chooses: no element may have `a`
    assert not matches(pattern, {"d": [{"a": 1, "c": 1}, {"b": 1}]})
    assert matches(pattern, {"d": [{"c": 2}]})
