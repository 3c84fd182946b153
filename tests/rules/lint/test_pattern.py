"""What is said of single patterns, and of which nothing is."""

from __future__ import annotations

from typing import Any

import pytest

from hookwright.rules.lint.data import of_schema
from hookwright.rules.lint.pattern import LARGEST, pattern_findings
from hookwright.rules.pattern import parse_pattern


def found(pattern: dict[str, Any], schema: Any = None) -> list[tuple[str, tuple[Any, ...]]]:
    known = [] if schema is None else [of_schema(schema)]
    return [(each.code, each.at) for each in pattern_findings(parse_pattern(pattern), pattern, known)]


@pytest.mark.parametrize(
    "pattern",
    [
        {
            "a": [{"anything-but": ["x", "y"]}],
            "$not": {"b": [{"exists": False}, "z"]},
            "b": [{"prefix": "q"}],
        },
        {"a": [1], "$and": [{"a": [2]}]},  # [1, 2] is both
        {"a": [{"prefix": "x"}, {"prefix": "y"}, {"suffix": "x"}, None, {"exists": False}]},
        {"a": ["x", "X", {"prefix": {"equals-ignore-case": "y"}}]},
        {"a": [{"numeric": [">", 5]}, {"number": ["<", 5]}, "5", 5]},
        {"a": [{"wildcard": "a*b"}, {"prefix": "a"}, {"wildcard": "*b"}][:1]},
        {"a": [{"cidr": "10.0.0.0/8"}, {"cidr": "11.0.0.0/8"}, {"cidr": "::/0"}]},
        {"$or": [{"a": [1], "b": [2]}, {"a": [1], "c": [2]}]},
        {"$not": {"a": [{"exists": True}]}, "b": [1]},
        {"a": [{"exists": False}], "a.b": [1]},  # a leaf at `a` is none below it
        {"a": [{"wildcard": "*"}]},
        {"a": [{"anything-but": ["x", "y"]}, "x"]},
    ],
)
def test_an_ordinary_pattern_is_not_warned_about(pattern):
    assert found(pattern) == []


@pytest.mark.parametrize(
    ("pattern", "code", "at"),
    [
        ({"a": [{"wildcard": "a*b*c"}, {"wildcard": "a*c"}]}, "HW151", ("a", 0)),
        ({"a": ["x", {"anything-but": "y"}]}, "HW151", ("a", 0)),
        ({"a": ["x", {"prefix": ""}]}, "HW151", ("a", 0)),
        ({"a": [{"equals-ignore-case": "x"}, {"equals-ignore-case": "X"}]}, "HW151", ("a", 1)),
        ({"a": [{"prefix": "STRASSE"}, {"prefix": {"equals-ignore-case": "straß"}}]}, "HW151", ("a", 0)),
        ({"a": [{"exists": False}, 1, 1.0]}, "HW151", ("a", 2)),
        ({"a": [{"numeric": [">", 1, "<", 2]}, {"number": [">", 1]}]}, "HW151", ("a", 0)),
        ({"$or": [{"a": [1]}, {"a": [1], "b": [2]}, {"c": [3]}]}, "HW151", ("$or", 1)),
        ({"$or": [{"a": [1]}, {"a": [1]}, {"c": [3]}]}, "HW151", ("$or", 1)),
        ({"$not": {"a": [1, 1]}}, "HW151", ("$not", "a", 1)),
        (
            {"$not": {"$or": [{"a": [{"exists": True}]}, {"a": [{"exists": False}]}]}},
            "HW114",
            ("$not", "$or", 1, "a"),
        ),
        ({"a": [1], "$not": {"a": [{"numeric": [">", 0]}]}}, "HW150", ("$not",)),
        ({"a.b": [1], "a": {"b": [{"exists": False}]}}, "HW150", ("a", "b")),
        ({"a": [1], "$or": [{"b": [1]}, {"b": [2], "a": [{"exists": False}]}]}, "HW150", ("$or", 1, "a")),
        ({"a": [{"exists": False}], "$or": [{"b": [1]}, {"b": [2], "a": [1]}]}, "HW150", ("$or", 1, "a")),
    ],
)
def test_what_is_suspicious_is_told_where_it_stands(pattern, code, at):
    assert found(pattern) == [(code, at)]


def schema(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


TEXT, NUMBER, FLAG = {"type": "string"}, {"type": "number"}, {"type": "boolean"}


@pytest.mark.parametrize(
    ("pattern", "declared", "expected"),
    [
        ({"a": ["5", 5]}, schema(a=NUMBER), [("HW152", ("a", 0))]),
        ({"a": ["true"]}, schema(a=FLAG), [("HW152", ("a", 0))]),
        ({"a": [None]}, schema(a=TEXT), [("HW152", ("a", 0))]),
        ({"a": [{"prefix": "x"}]}, schema(a={"type": ["integer", "null"]}), [("HW152", ("a", 0))]),
        ({"a": ["x", 5]}, schema(a={"type": "array", "items": NUMBER}), [("HW152", ("a", 0))]),
        ({"a": ["x"], "$and": [{"a": ["y"]}]}, schema(a={"type": "array", "items": TEXT}), []),
        ({"a": ["x"], "$and": [{"a": ["y"]}]}, schema(a=TEXT), [("HW150", ("$and", 0, "a"))]),
        ({"a": ["x"]}, {"properties": {"a": NUMBER}}, []),  # the data may be a list of anything
        ({"a": {"b": ["x"]}}, schema(a=schema(c=TEXT)), [("HW153", ("a", "b"))]),
        ({"a.b.c": ["x"]}, schema(a=schema(d=TEXT)), [("HW153", ("a.b.c",))]),
        ({"a": {"b": ["x"]}}, schema(a={"type": "object"}), []),
        ({"a": {"b": ["x"]}}, schema(a={"type": "array", "items": schema(c=TEXT)}), [("HW153", ("a", "b"))]),
        ({"a": {"b": ["x"]}}, schema(a={"type": "array"}), []),
        ({"a": {"b": ["x"]}}, schema(**{"a.b": TEXT}), []),
        ({"a": [1]}, {**schema(b=TEXT), "patternProperties": {"^a": NUMBER}}, []),
        ({"statsu": [1]}, {"type": "object", "properties": {"status": NUMBER}}, [("HW153", ("statsu",))]),
        ({"other": [1]}, {"type": "object", "properties": {"status": NUMBER}}, []),
        ({"a": ["x", "z"]}, schema(a={"enum": ["x", "y"]}), [("HW157", ("a", 1))]),
        ({"a": [{"anything-but": ["x", "y"]}]}, schema(a={"enum": ["x", "y"]}), [("HW157", ("a", 0))]),
        ({"a": [{"anything-but": ["x", "z"]}]}, schema(a={"enum": ["x", "y"]}), []),
        ({"a": [1, "x"]}, schema(a={"enum": ["x", "y"]}), [("HW152", ("a", 0))]),
        ({"a": ["z"]}, schema(a={"enum": ["x", {"b": 1}]}), []),
        (
            {"a": [{"prefix": "y"}]},
            schema(a={"type": "array", "items": {"const": "x"}}),
            [("HW157", ("a", 0))],
        ),
        ({"a": ["x"]}, True, []),
        ({"a": ["x"]}, {"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}}}, []),
    ],
)
def test_a_schema_says_which_fields_and_values_there_are(pattern, declared, expected):
    assert found(pattern, declared) == expected


@pytest.mark.parametrize(
    ("name", "declared"),
    [
        ("street2", {"type": "object", "properties": {"street1": TEXT}}),
        ("items", {"type": "object", "properties": {"item1": TEXT}, "patternProperties": {"^item": TEXT}}),
        (
            "orders",
            {"type": "object", "properties": {"order": TEXT}, "allOf": [{"properties": {"orders": {}}}]},
        ),
        ("orders", {"type": "object", "properties": {"order": TEXT}, "$ref": "#/$defs/more"}),
        ("user.name", schema(**{"user": TEXT, "user.name": TEXT})),
        ("user.name", schema(**{"user": schema(age=NUMBER), "user.name": TEXT})),
        ("a.user.name", schema(a=schema(**{"user": TEXT, "user.name": TEXT}))),
        ("user.name", schema(**{"user.name": schema(name=TEXT)})),
    ],
)
def test_a_field_that_events_may_have_is_not_called_unknown(name, declared):
    assert found({name: ["x"]}, declared) == []


def test_what_follows_from_another_mistake_is_not_told_as_well():
    assert found({"a": ["5", "5", "6"], "$not": {"a": ["5"]}}, schema(a=NUMBER)) == [
        ("HW152", ("a", 0)),
        ("HW152", ("a", 1)),
        ("HW152", ("a", 2)),
        ("HW152", ("$not", "a", 0)),
    ]


def test_nested_and_and_or_are_compared_in_no_time():
    nested_and: dict[str, Any] = {"a": [1]}
    nested_or: dict[str, Any] = {"b": [1]}
    for number in range(25):
        nested_and = {"$and": [nested_and, {f"c{number}": [1]}]}
        nested_or = {"$or": [nested_or, {f"d{number}": [1]}]}
    assert found({**nested_and, "$not": nested_or}) == []  # without a memory it asks 25 over 50 times


def test_the_conditions_of_a_very_large_pattern_are_not_compared():
    many = {f"field{number}": ["x"] for number in range(LARGEST)}
    assert found({**many, "$and": [{"field0": ["x"]}]}) == []
