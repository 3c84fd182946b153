import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookwright.interfaces.pretty import LARGEST, pretty

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def test_json_is_indented_and_every_value_stays_as_it_was_written() -> None:
    written = '{"a":1.00,"b":[1e5,"\\u00e9{,}"],"c":{},"d":[ ],"a":{"x":null}}'
    assert pretty(written) == (
        '{\n  "a": 1.00,\n  "b": [\n    1e5,\n    "\\u00e9{,}"\n  ],\n  "c": {},\n  "d": [],\n'
        '  "a": {\n    "x": null\n  }\n}'
    )


@given(st.lists(VALUES) | st.dictionaries(st.text(), VALUES), st.sampled_from([(",", ":"), (" , ", " : ")]))
def test_what_json_says_does_not_change(value: object, separators: tuple[str, str]) -> None:
    for ascii_ in (True, False):
        text = json.dumps(value, separators=separators, ensure_ascii=ascii_)
        assert json.loads(pretty(text)) == value


def test_a_form_is_one_field_a_line_decoded() -> None:
    said = pretty("After%5BStatus%5D=Won&n=a+b&n=&", "application/x-www-form-urlencoded; charset=utf-8")
    assert said == "After[Status] = Won\nn = a b\nn = "


@pytest.mark.parametrize(
    "body",
    ["", "OK", "<html>", "{broken", '"text"', "12", "[" * 5000 + "]" * 5000, "[" + "1," * LARGEST + "1]"],
)
def test_anything_else_is_left_alone(body: str) -> None:
    assert pretty(body) == body
