"""What is wrong with a pattern is said exactly, where it stands, with what would be right."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookwright.rules import PatternError
from hookwright.rules.pattern import parse_pattern, pattern_errors

NO_FIELD = 'name a field; [{"exists": true}] takes any value of it'
USE_NOT = 'to refuse any other pattern of the field, use "$not"'
FORMS = f'it takes a string, a number, a list of either, or an object such as {{"prefix": "..."}}; {USE_NOT}'
RANGE = 'write it as in [">", 0, "<=", 5]'
REALLY = "a field that is really named so is written"
KNOWN = (
    "the operators are anything-but, cidr, equals-ignore-case, exactly, exists, number, numeric, prefix, "
    "suffix, wildcard"
)
ONE_KEY = 'alternatives are objects of their own; to require both, use "$and"'

Case = tuple[object, tuple[object, ...], str, str | None]

SHAPES: list[Case] = [
    ("x", (), "a pattern is an object of fields, not a string", None),
    ([], (), "a pattern is an object of fields, not a list", None),
    ({}, (), "an empty object is not a pattern", NO_FIELD),
    ({"a": {}}, ("a",), "an empty object is not a pattern", NO_FIELD),
    (
        {"a": []},
        ("a",),
        "an empty list has no alternatives",
        'write at least one value, or [{"exists": false}] for an absent field',
    ),
    (
        {"a": [[1]]},
        ("a", 0),
        "a list inside a list of alternatives",
        "write all alternatives in one list: [1, 2]",
    ),
    ({1: ["x"]}, (1,), "a field name is a string, not a number", 'write "1" in quotes'),
    ({"a": [float("nan")]}, ("a", 0), "nan is not a JSON number", None),
    ({"a": float("inf")}, ("a",), "inf is not a JSON number", None),
    (
        {"a": b"x"},
        ("a",),
        "a value of type bytes is not a JSON value",
        "put quotes around it to make it a string",
    ),
]
OPERATORS: list[Case] = [
    ({"a": [{"prefx": "x"}]}, ("a", 0), 'unknown operator "prefx"', 'did you mean "prefix"?'),
    (
        {"a": [{"anything_but": "x"}]},
        ("a", 0),
        'unknown operator "anything_but"',
        'did you mean "anything-but"?',
    ),
    (
        {"or": [{"Stage": ["Won"]}, {"Stage": ["Lost"]}]},
        ("or", 0),
        'unknown operator "Stage"',
        'write "$or" to join patterns',
    ),
    ({"a": [{"Numeric": [">", 1]}]}, ("a", 0), 'unknown operator "Numeric"', 'did you mean "numeric"?'),
    (
        {"a": [{"ignore-case": "x"}]},
        ("a", 0),
        'unknown operator "ignore-case"',
        'did you mean "equals-ignore-case"?',
    ),
    ({"a": [{">": 5}]}, ("a", 0), 'unknown operator ">"', 'write {"numeric": [">", ...]}'),
    (
        {"a": [{"$not": {"b": 1}}]},
        ("a", 0),
        'unknown operator "$not"',
        '"$not" stands where a field name does; in a list use {"anything-but": ...}',
    ),
    (
        {"a": [{"zzz": 1}]},
        ("a", 0),
        'unknown operator "zzz"',
        KNOWN,
    ),
    ({"a": [{}]}, ("a", 0), "an operator object has one key, this one has none", ONE_KEY),
    (
        {"a": [{"prefix": "x", "suffix": "y"}]},
        ("a", 0),
        'an operator object has one key, this one has "prefix" and "suffix"',
        ONE_KEY,
    ),
    (
        {"Stage": {"prefix": "Hot"}},
        ("Stage", "prefix"),
        '"prefix" is an operator and stands where a field name belongs',
        f'put it into a list: Stage: [{{"prefix": "Hot"}}]; {REALLY} "=prefix"',
    ),
    (
        {"number": [">", 5]},
        ("number",),
        '"number" is an operator and stands where a field name belongs',
        f'put it into a list: Field: [{{"number": [">", 5]}}]; {REALLY} "=number"',
    ),
    (
        {"a": [{"prefix": ["x"]}]},
        ("a", 0, "prefix"),
        '"prefix" takes a string, not a list',
        'write one operator object for each: [{"prefix": "x"}]',
    ),
    (
        {"a": [{"suffix": {"prefix": "x"}}]},
        ("a", 0, "suffix"),
        'the only object "suffix" takes is {"equals-ignore-case": "..."}',
        None,
    ),
    (
        {"a": [{"prefix": {"equals-ignore-case": 5}}]},
        ("a", 0, "prefix", "equals-ignore-case"),
        '"equals-ignore-case" takes a string, not a number',
        None,
    ),
    (
        {"a": [{"exactly": 5}]},
        ("a", 0, "exactly"),
        '"exactly" takes a string, not a number',
        'write 5 without "exactly"',
    ),
    (
        {"a": [{"exists": "true"}]},
        ("a", 0, "exists"),
        '"exists" takes true or false, not "true"',
        "write true without quotes",
    ),
    ({"a": [{"exists": None}]}, ("a", 0, "exists"), '"exists" takes true or false, not null', None),
    (
        {"a": [{"wildcard": "a**c"}]},
        ("a", 0, "wildcard"),
        "two stars in a row at character 2 of the wildcard",
        "one star is enough",
    ),
    (
        {"a": [{"wildcard": "a\\bc"}]},
        ("a", 0, "wildcard"),
        "invalid escape at character 2 of the wildcard",
        'a backslash is written "\\\\" and a literal star "\\*"',
    ),
    (
        {"a": [{"wildcard": "a\\"}]},
        ("a", 0, "wildcard"),
        "invalid escape at character 2 of the wildcard",
        'a backslash is written "\\\\" and a literal star "\\*"',
    ),
]
ANYTHING_BUT: list[Case] = [
    (None, (), '"anything-but" cannot refuse null', FORMS),
    ([1, True], (1,), '"anything-but" cannot refuse true', FORMS),
    ([], (), '"anything-but" with an empty list refuses nothing', 'use {"exists": true}'),
    (
        ["x", 5],
        (),
        '"anything-but" takes strings or numbers, not both in one list',
        'use "$and" with one "anything-but" for the strings and one for the numbers',
    ),
    ({"numeric": [">", 5]}, (), '"anything-but" cannot refuse "numeric"', USE_NOT),
    ({"prefx": "x"}, (), '"anything-but" cannot refuse "prefx"', 'did you mean "prefix"?'),
    ({}, (), '"anything-but" takes an object with one key', USE_NOT),
    ({"prefix": ""}, ("prefix",), 'an empty "prefix" refuses every string', "leave it out"),
    ({"suffix": ["x", ""]}, ("suffix", 1), 'an empty "suffix" refuses every string', "leave it out"),
    ({"prefix": [5]}, ("prefix", 0), '"prefix" takes a string or a list of strings here, not a number', None),
    ({"prefix": []}, ("prefix",), "an empty list refuses nothing", 'use {"exists": true}'),
    (
        {"wildcard": "**"},
        ("wildcard",),
        "two stars in a row at character 1 of the wildcard",
        "one star is enough",
    ),
]
NUMERIC: list[Case] = [
    (5, (), '"numeric" takes a list, not a number', RANGE),
    ([], (), '"numeric" takes a comparison and a number, once or twice; this list has 0 members', RANGE),
    (["!=", 5], (0,), 'unknown comparison "!="', 'use {"anything-but": ...}'),
    (["==", 5], (0,), 'unknown comparison "=="', 'did you mean "="?'),
    (["=>", 5], (0,), 'unknown comparison "=>"', 'did you mean ">="?'),
    ([5, ">"], (0,), "unknown comparison 5", "the comparisons are = < <= > >="),
    ([">", "5"], (1,), '"5" is not a number', "write it without quotes"),
    ([">", True], (1,), "true is not a number", None),
    ([">", float("inf")], (1,), "inf is not a JSON number", None),
    (
        ["<", 5, ">", 0],
        (),
        "a range is a lower bound (> or >=) followed by an upper bound (< or <=)",
        'write [">", 0, "<", 5]',
    ),
    (["=", 5, "<", 9], (), "a range is a lower bound (> or >=) followed by an upper bound (< or <=)", RANGE),
    ([">", 5, "<", 1], (), "the lower bound 5 is not below the upper bound 1", None),
    ([">=", 5, "<=", 5], (), "the lower bound 5 is not below the upper bound 5", 'write ["=", 5]'),
]
CIDR: list[Case] = [
    (5, (), '"cidr" takes a string, not a number', 'write it as in "10.0.0.0/24"'),
    ("10.0.0.0", (), "a network needs its number of bits", 'for this one address write "10.0.0.0/32"'),
    ("10.0.0.0/33", (), "an IPv4 network has 0 to 32 bits", None),
    ("10.0.0.0/255.0.0.0", (), "an IPv4 network has 0 to 32 bits", None),
    ("::/129", (), "an IPv6 network has 0 to 128 bits", None),
    ("nope/8", (), "a network begins with an IP address", 'write it as in "10.0.0.0/24" or "2001:db8::/32"'),
]
LISTED = 'write it as in $or: [{a: [1]}, {b: [2]}]; a field that is really named so is written "=$or"'
LOGIC: list[Case] = [
    ({"$or": {"a": ["x"]}}, ("$or",), '"$or" takes a list of patterns, not an object', LISTED),
    ({"$or": [{"a": [1]}]}, ("$or",), '"$or" takes at least two patterns, this list has 1', None),
    ({"a": {"$or": []}}, ("a", "$or"), '"$or" takes at least two patterns, this list has none', None),
    ({"$and": []}, ("$and",), '"$and" takes at least one pattern, this list has none', None),
    ({"$and": ["x"]}, ("$and", 0), "a pattern is an object of fields, not a string", None),
    ({"$not": {}}, ("$not",), "an empty object is not a pattern", NO_FIELD),
]


def under(operator: str, cases: list[Case]) -> list[Case]:
    return [
        ({"a": [{operator: operand}]}, ("a", 0, operator, *path), message, hint)
        for operand, path, message, hint in cases
    ]


ALL = [
    *SHAPES,
    *OPERATORS,
    *LOGIC,
    *under("anything-but", ANYTHING_BUT),
    *under("numeric", NUMERIC),
    *under("cidr", CIDR),
]


@pytest.mark.parametrize(("pattern", "path", "message", "hint"), ALL)
def test_a_fault_is_told_with_its_place_and_its_fix(
    pattern: Any, path: tuple[object, ...], message: str, hint: str | None
) -> None:
    with pytest.raises(PatternError) as caught:
        parse_pattern(pattern)
    error = caught.value
    assert (error.path, error.message, error.hint, error.pattern) == (path, message, hint, None)
    assert pattern_errors(pattern)[0].path == path


def test_the_faults_of_a_range_are_all_told() -> None:
    assert [error.path[-1] for error in pattern_errors({"a": [{"number": ["!", "x", "?", None]}]})] == [
        0,
        1,
        2,
        3,
    ]


def test_an_error_survives_the_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(PatternError("m", path=("a", 1), hint="h", pattern="p")))
    assert (error.message, error.path, error.hint, error.pattern) == ("m", ("a", 1), "h", "p")
    assert str(error) == 'pattern "p", at a/1: m (h)'


ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=6)),
    lambda below: st.one_of(
        st.lists(below, max_size=4),
        st.dictionaries(
            st.one_of(
                st.text(max_size=4),
                st.sampled_from(
                    ["$or", "$and", "$not", "prefix", "anything-but", "numeric", "cidr", "wildcard", "exists"]
                ),
            ),
            below,
            max_size=4,
        ),
    ),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(ANYTHING)
def test_parsing_any_json_raises_nothing_else_and_agrees_with_the_list_of_errors(pattern: Any) -> None:
    errors = pattern_errors(pattern)
    try:
        parse_pattern(pattern)
    except PatternError as error:
        assert str(error) == str(errors[0])
    else:
        assert errors == ()


def nested(levels: int, wrap: Any) -> Any:
    pattern: Any = {"a": [1]}
    for _ in range(levels):
        pattern = wrap(pattern)
    return pattern


def test_a_pattern_too_deep_is_refused() -> None:
    deep = nested(5000, lambda below: {"a": below})
    assert [error.message for error in pattern_errors(deep)] == ["the pattern is more than 1000 levels deep"]
    for word, wrap in (
        ("$not", lambda below: {"$not": below}),
        ("$and", lambda below: {"$and": [below]}),
        ("$or", lambda below: {"$or": [{"b": 1}, below]}),
    ):
        (error,) = pattern_errors(nested(5000, wrap))
        assert error.message == f'"{word}" stands inside more than 64 others of its kind'
