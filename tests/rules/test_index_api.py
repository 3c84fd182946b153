"""The public face of the matcher: what goes in, what comes out, what is raised."""

from __future__ import annotations

import pytest

import hookwright.rules
from hookwright.rules import PatternError, PatternIndex
from hookwright.rules.pattern import parse_pattern, pattern_errors


def test_the_ids_of_all_matching_patterns_come_back() -> None:
    index = PatternIndex(
        {"won": {"Stage": ["Won"]}, "any": {"Stage": [{"exists": True}]}, "lost": {"Stage": ["Lost"]}}
    )
    assert index.match({"Stage": "Won"}) == frozenset({"won", "any"})


def test_an_index_without_patterns_matches_nothing() -> None:
    assert PatternIndex({}).match({"a": 1}) == frozenset()


def test_a_parsed_pattern_is_as_good_as_a_written_one() -> None:
    assert PatternIndex({"p": parse_pattern({"a": [1]})}).match({"a": 1}) == frozenset({"p"})


def test_an_invalid_pattern_is_refused_with_its_id_and_place() -> None:
    with pytest.raises(PatternError) as caught:
        PatternIndex({"good": {"a": [1]}, "bad": {"b": {"c": [1, {"prefx": "x"}]}}})
    error = caught.value
    assert isinstance(error, ValueError)
    assert (error.pattern, error.path) == ("bad", ("b", "c", 1))
    assert (error.message, error.hint) == ('unknown operator "prefx"', 'did you mean "prefix"?')
    assert str(error) == 'pattern "bad", at b/c/1: unknown operator "prefx" (did you mean "prefix"?)'


def test_every_error_of_a_pattern_is_told_in_its_order() -> None:
    errors = pattern_errors({"a": [], "b": {"c": [{"regex": "x"}], "d": {}}, "prefix": "x"})
    assert [error.path for error in errors] == [("a",), ("b", "c", 0), ("b", "d"), ("prefix",)]


def test_what_the_package_offers_is_sorted_and_there() -> None:
    names = hookwright.rules.__all__
    assert list(names) == sorted(names)
    assert all(hasattr(hookwright.rules, name) for name in names)


def test_a_pattern_with_kinds_needs_the_event_to_be_of_one_of_them() -> None:
    patterns = {"a": {"x": [1]}, "b": {"x": [{"exists": False}]}, "c": {"y": {"z": [1], "w": [2]}}}
    index = PatternIndex(patterns, {"a": ["create", "update"], "b": ["create"], "c": ["update"]})
    assert index.match({"x": 1}, ("create",)) == {"a"}
    assert index.match({"x": 1}, ("delete", "update")) == {"a"}
    assert index.match({}, ("create",)) == {"b"}
    assert index.match({"y": [{"z": 1, "w": 2}]}, ("update",)) == {"c"}
    assert index.match({"y": [{"z": 1}, {"w": 2}]}, ("update",)) == frozenset()
    assert index.match({"x": 1}, ("delete",)) == index.match({"x": 1}) == frozenset()
