"""A JSON text is answered as its value would be, although most of that value is never built."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookwright.rules import PatternIndex

NAMES = st.sampled_from(["a", "b", "c", "a.b", "b.c", "a.b.c", "", ".", "a.", "é"])
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, 1, -0.0, 1.0, 2.5, 2**70, 1e308, "x", "xyz", "", "\ud800", '"\\']),
)
VALUES = st.recursive(
    LEAVES,
    lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(NAMES, below, max_size=4)),
    max_leaves=12,
)
INDEX = PatternIndex(
    {
        "exact": {"a": ["x", 1, None]},
        "inner": {"a": {"b": ["x", True, 2.5]}},
        "deep": {"a": {"b": {"c": [{"exists": True}]}}},
        "two": {"a": {"b": ["x"], "c": [{"exists": False}]}},
        "rows": {"b": {"a": [1], "c": [{"prefix": "x"}, {"numeric": [">", 0]}]}},
        "empty": {"": [{"anything-but": "x"}]},
        "other": {"é": [{"anything-but": [1]}]},
        "not": {"$not": {"b": {"a": [1], "c": ["x"]}}},
    }
)


def text_of(value: Any, doubled: list[tuple[str, Any]]) -> str:
    """The JSON of an object, with some members once more before it: the last one of a name counts."""
    members = [*doubled, *value.items()] if isinstance(value, dict) else []
    if not members:
        return json.dumps(value)
    return "{" + ",".join(f"{json.dumps(name)}:{json.dumps(below)}" for name, below in members) + "}"


@settings(max_examples=300, deadline=None)
@given(VALUES, st.lists(st.tuples(NAMES, VALUES), max_size=2))
def test_a_text_is_answered_as_its_value(value: Any, doubled: list[tuple[str, Any]]) -> None:
    text = text_of(value, doubled)
    assert INDEX.match_json(text.encode("utf-8", "surrogatepass")) == INDEX.match(json.loads(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r'{"a\u002eb": "x"}', {"inner", "two", "not"}),  # a dot is a dot however it is written
        ('{"a": 1e999, "b": 1}', {"not"}),  # a number too large for the decoder of structs
        ('\ufeff{"a": 1}', {"exact", "not"}),
        ('{"a": {"b": "x"}, "a": 1}', {"exact", "not"}),
        ("[[{}]]", {"not"}),
    ],
)
def test_texts_the_structs_do_not_fit_are_read_whole(text: str, expected: set[str]) -> None:
    assert INDEX.match_json(text.encode()) == expected


def test_names_no_struct_can_have_are_read_whole() -> None:
    index = PatternIndex({"p": {'"': {"\n": 1}}, "q": {"a": {"\x00": 2}}, "r": {"\ud800": 3}})
    assert index.match_json(json.dumps({'"': {"\n": 1}, "a": {"\x00": 2}, "\ud800": 3}).encode()) == {
        "p",
        "q",
        "r",
    }


@pytest.mark.parametrize("text", [b"", b"{", b'{"a": }', b"\xff", b'{"a": "\x00"}'])
def test_what_is_not_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the decoder says what it is
        INDEX.match_json(text)
