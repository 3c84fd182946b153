"""How JSON becomes the fields of a form."""

from __future__ import annotations

import json
import math
import re
import tracemalloc
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookwright.plugins.errors import EncodeError
from hookwright.plugins.fields import fields, urlencoded

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "forms.md"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Stage": "Won", "Score": 50}, [("Stage", "Won"), ("Score", "50")]),
        ({"A": {"Status": "Won", "Owner": {"Id": 7}}}, [("A[Status]", "Won"), ("A[Owner][Id]", "7")]),
        ({"Tags": ["a", "b", 1]}, [("Tags", "a"), ("Tags", "b"), ("Tags", "1")]),
        ({"A": {"Tags": ["a", "b"]}}, [("A[Tags]", "a"), ("A[Tags]", "b")]),
        ({"Lines": [{"Id": 1}, {"Id": 2}]}, [("Lines[0][Id]", "1"), ("Lines[1][Id]", "2")]),
        ({"L": [{"Id": 1}, "x", [3, 4]]}, [("L[0][Id]", "1"), ("L[1]", "x"), ("L[2]", "3"), ("L[2]", "4")]),
        ([{"Id": 1, "O": {"N": "x"}}, {"Id": 2}], [("[0][Id]", "1"), ("[0][O][N]", "x"), ("[1][Id]", "2")]),
        (["a", "b"], [("[0]", "a"), ("[1]", "b")]),
        ({"n": None, "t": True, "f": False, "e": ""}, [("n", ""), ("t", "true"), ("f", "false"), ("e", "")]),
        ({"i": 2**70, "f": 1.5, "z": -0.0, "e": 1e300, "h": 100.0},
         [("i", str(2**70)), ("f", "1.5"), ("z", "-0.0"), ("e", "1e+300"), ("h", "100.0")]),
        ({"": 1, "a b": 2, "a[b]": 3}, [("", "1"), ("a b", "2"), ("a[b]", "3")]),
        ({"none": [], "nothing": {}, "deep": {"l": [[]]}}, []),
        ({}, []),
        ([], []),
        (None, []),
    ],
)  # fmt: skip
def test_json_becomes_fields(value, expected):
    assert list(fields(value)) == expected


@pytest.mark.parametrize(
    "inner",
    [{str(index): 1 for index in range(20_000)}, [0] * 20_000, [{}] * 20_000, [[]] * 20_000],
    ids=["fields", "values", "objects", "lists"],
)
def test_long_names_around_many_values_are_refused_before_they_fill_the_memory(inner):
    tracemalloc.start()
    with pytest.raises(EncodeError, match="many times as long as the data"):
        urlencoded({"n" * 100_000: inner})
    assert tracemalloc.get_traced_memory()[1] < 8_000_000
    tracemalloc.stop()


def test_more_room_makes_longer_forms():
    value = {"n" * 1000: dict.fromkeys(map(str, range(2000)), 1)}
    assert len(urlencoded(value, room=4_000_000)) > 2_000_000


def test_names_and_texts_are_written_as_browsers_do():
    assert urlencoded({"After": {"a b": "ü&=+ \r\n"}}) == "After%5Ba+b%5D=%C3%BC%26%3D%2B+%0D%0A"


@pytest.mark.parametrize("value", ["text", 5, 1.5, True, False])
def test_a_single_value_has_no_fields(value):
    with pytest.raises(EncodeError, match=f"a form has fields with names; {json.dumps(value)} has none"):
        urlencoded(value)


@pytest.mark.parametrize(
    "value", [{"a": math.nan}, {"a": [math.inf]}, {"a": {1}}, {1: 2}, {"a": b""}, {"a": {1: 2}}]
)
def test_what_is_no_json_is_refused(value):
    with pytest.raises(EncodeError):
        urlencoded(value)


def test_half_a_character_is_refused():
    with pytest.raises(EncodeError, match="surrogate"):
        urlencoded({"a": "\ud800"})


def test_a_value_nested_without_end_is_refused():
    value: list[object] = []
    value.append(value)
    with pytest.raises(EncodeError, match="nested too deeply"):
        urlencoded(value)


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="[]"), max_size=5)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=8)
)  # fmt: skip
NESTED = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=15,
)
OBJECTS = st.dictionaries(NAMES, NESTED, max_size=5)


@given(OBJECTS | st.lists(OBJECTS, max_size=3))
def test_a_parser_reads_back_the_very_fields(value):
    read = parse_qsl(urlencoded(value), keep_blank_values=True, strict_parsing=False, max_num_fields=None)
    assert read == list(fields(value))


TREES = st.dictionaries(
    NAMES.filter(bool),
    st.recursive(
        st.text(st.characters(codec="utf-8"), max_size=8),
        lambda inner: (
            st.dictionaries(NAMES, inner, min_size=1, max_size=4)
            | st.lists(
                st.dictionaries(NAMES.filter(lambda name: not name.isdecimal()), inner, min_size=1),
                min_size=1,
            )
        ),
        max_leaves=15,
    ),
    max_size=5,
)


@given(TREES)
def test_texts_in_named_objects_and_their_lists_come_back_as_they_were(value):
    read: dict[str, object] = {}
    for name, text in parse_qsl(urlencoded(value), keep_blank_values=True):
        first, *inner = name.rstrip("]").replace("][", "[").split("[")
        _put(read, [first, *inner], text)
    assert _lists(read, value) == value


def _put(into, path, text):
    for step in path[:-1]:
        into = into.setdefault(step, {})
    into[path[-1]] = text


def _lists(read, like):
    """A receiver knows which of its fields are lists."""
    if isinstance(like, list):
        return [_lists(read[str(index)], each) for index, each in enumerate(like)]
    if isinstance(like, dict):
        return {name: _lists(read[name], each) for name, each in like.items()}
    return read


def test_the_examples_of_the_reference_are_true():
    examples = re.findall(
        r"```json\n(.*?)\n```\n\n```text\n(.*?)\n```", PAGE.read_text(encoding="utf-8"), re.DOTALL
    )
    assert len(examples) >= 5
    for written, expected in examples:
        lines = [f"{name}={text}" for name, text in fields(json.loads(written))]
        assert lines == expected.splitlines()
