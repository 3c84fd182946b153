import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookwright.interfaces.overrides import Override, names

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab0.", max_size=3), inner, max_size=3)
    ),
)


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("data.Score=71", ("Score",), "71"),
        ("data.Score:=71", ("Score",), 71),
        ("data.Score=", ("Score",), ""),
        ("data.After.Status=a=b:=c", ("After", "Status"), "a=b:=c"),
        ("data.a:=null", ("a",), None),
        ("data.a:b=x", ("a:b",), "x"),
    ],
)
def test_what_is_set_and_where(text, path, value):
    override = Override.parse(text)
    assert (override.path, override.value) == (path, value)


def test_objects_that_lack_are_made_and_lists_are_counted_from_0():
    data = {"a": [{"b": "1"}, "2"]}
    assert Override.parse("data.a.0.b=x").apply(data) == {"a": [{"b": "x"}, "2"]}
    assert Override.parse("data.c.d=x").apply(data) == {**data, "c": {"d": "x"}}
    assert data == {"a": [{"b": "1"}, "2"]}


@pytest.mark.parametrize(
    ("text", "data", "said"),
    [
        ("data.a.b=1", {"a": "x"}, "data.a is text and has no b in it"),
        ("data.a.b=1", {"a": True}, "data.a is true or false"),
        ("data.a.b=1", {"a": None}, "data.a is null"),
        ("data.a.2=1", {"a": [1, 2]}, "data.a is a list of 2, counted from 0, and has no 2"),
        ("data.a.-1=1", {"a": [1, 2]}, "has no -1"),
        ("data.a=1", 7, "data is a number and has no a in it"),
    ],
)
def test_what_is_in_the_way_is_named(text, data, said):
    with pytest.raises(ValueError, match=said):
        Override.parse(text).apply(data)


def test_a_value_that_is_no_text_is_refused():
    with pytest.raises(ValueError, match="not UTF-8"):
        Override.parse("data.a=\udcff")


def test_names_are_dotted():
    assert list(names({"a": {"b": 1}, "c": [{"d": 2}]})) == ["a", "a.b", "c"]


@given(st.text(max_size=12), st.text(max_size=5))
def test_any_text_is_an_override_or_a_value_error(where, value):
    for text in (where, f"data.{where}={value}", f"data.{where}:={value}"):
        try:
            assert Override.parse(text).path
        except ValueError as error:
            assert "\n" not in str(error)


@given(JSON, st.lists(st.sampled_from(["a", "b", "0", "1"]), min_size=1, max_size=3))
def test_a_value_that_was_set_is_there_and_nothing_else_changed(data, path):
    before = json.dumps(data)
    override = Override(tuple(path), "new")
    try:
        after = override.apply(data)
    except ValueError:
        return
    assert json.dumps(data) == before
    assert not override.is_new(after)
    assert Override(tuple(path), "again").apply(after) == Override(tuple(path), "again").apply(data)
