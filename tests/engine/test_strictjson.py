"""The strict JSON reader: it takes what the standard library takes, and can place what it refuses."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookwright.engine.strictjson import BadJSON, decode

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES, st.booleans(), st.sampled_from([None, 2]))
def test_every_json_value_is_read_as_the_standard_library_reads_it(value, ascii_only, indent):
    value = json.loads(json.dumps(value))
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert decode(text.encode()) == value


JSON_LIKE = st.text(alphabet='{}[]:,"\\u0dDtruefalsn .-+eE19 \n', max_size=40).map(str.encode)


@given(st.binary(max_size=60) | JSON_LIKE)
def test_any_bytes_are_either_read_or_refused_with_a_place(raw):
    try:
        value = decode(raw)
    except BadJSON as problem:
        assert problem.message != "this is not JSON"
        assert problem.line >= 1
        assert problem.column >= 1
    else:
        assert value == json.loads(raw)


@pytest.mark.parametrize(
    ("text", "message", "pointer", "line", "column"),
    [
        (b'{"a": NaN}', "expected a JSON value, found 'NaN}'", "/a", 1, 7),
        (b'{"a": -Infinity}', "expected a JSON value, found '-Infinity}'", "/a", 1, 7),
        (b'{"a": 1e999}', "the number 1e999 is too large for a double", "/a", 1, 7),
        (b'{"a": 1,\n "b": {"c": 1, "c": 2}}', "duplicate key 'c'", "/b/c", 2, 16),
        (b'{"a": 1, "a": "\\u003a"}', "duplicate key 'a'", "/a", 1, 10),
        (b'{"a": 1, "\\u0061": 2}', "duplicate key 'a'", "/a", 1, 10),
        (b'{"a": {"b": "::"}, "a": 1}', "duplicate key 'a'", "/a", 1, 20),
        (b'{"a": [1, "\\ud800"]}', "a lone surrogate is not a character", "/a/1", 1, 11),
        (b"[" * 65 + b"]" * 65, "nested more than 64 levels deep", "/0" * 64, 1, 65),
        (b"[" * 30_000, "nested more than 64 levels deep", "/0" * 64, 1, 65),
        (b'{"a": ' + b"9" * 5000 + b"}", "an integer of 5000 digits is too long (4,300 at most)", "/a", 1, 7),
        (b"", "expected a JSON value, found the end of the text", "", 1, 1),
        (b'{"a": 1} x', "text after the end of the JSON value", "", 1, 10),
        (b'{"a": 01}', "expected a JSON value, found '01}'", "/a", 1, 7),
        (b"{a: 1}", "expected a key in double quotes, found 'a: 1}'", "", 1, 2),
        (b'{"a": 1,}', "expected a key in double quotes, found '}'", "", 1, 9),
        (b'\xef\xbb\xbf{"a": 1}', "expected a JSON value, found '\\ufeff{\"a\": 1}'", "", 1, 1),
        (b'{"a": "\xff"}', "byte 7 is not UTF-8", "", 1, 8),
        ("{}".encode("utf-16"), "byte 0 is not UTF-8", "", 1, 1),
        (b'{"a/b": {"~": tru}}', "expected a JSON value, found 'tru}}'", "/a~1b/~0", 1, 15),
    ],
)
def test_a_refused_text_names_what_is_wrong_and_where(text, message, pointer, line, column):
    with pytest.raises(BadJSON) as caught:
        decode(text)
    found = caught.value
    assert (found.message, found.pointer, found.line, found.column) == (message, pointer, line, column)


def test_integers_are_exact_and_a_depth_of_64_is_allowed():
    assert decode(b"123456789012345678901234567890") == 123456789012345678901234567890
    assert decode(b"[" * 64 + b"]" * 64) == json.loads("[" * 64 + "]" * 64)
    assert math.isclose(decode(b"1e308"), 1e308)  # type: ignore[arg-type]
