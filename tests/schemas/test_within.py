"""A character of a text is found where it stands in the YAML, however the text is written."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hookwright.schemas.document import parse


def placed(written, mark="X"):
    """Line and column that are told of the mark in the value of `a`, and those where it stands."""
    document = parse(written.encode(), name="a.yaml").document
    text = document.value["a"]
    place = document.place_within(["a"], text, text.index(mark))
    before = written[: written.index(mark)].split("\n")
    return (place.line, place.column), (len(before), len(before[-1]) + 1)


@pytest.mark.parametrize(
    "written",
    [
        "a: one two X three",
        "a:   X",
        "a: 'it''s in '' X'",
        'a: "one \\"two\\" \\u0041\\x41\\t X"',
        'a: "one\\n\\n  two\\ X"',
        "a: |\n  one\n  two X\n",
        "a: |2-\n   one\n   X\n",
        "a: >\n  one\n  two\n\n  three X\n",
        "a: one\n  two\n\n  three  X four",
        "a: 'one\n\n  two X'",
        'a: "one\n  two \\\n   three X"',
        "a: >-\n  X",
        "b: 1\na: &anchor one X",
        "a: &anchor !!str\n  one X",
        "a: ü 日 X",
        "{a: one  X, b: 2}",
    ],
)
def test_a_character_is_found(written):
    told, stands = placed(written)
    assert told == stands


@given(
    st.lists(
        st.text(
            st.characters(codec="ascii", categories=["L", "N", "P", "S"], exclude_characters="X"), min_size=1
        ),
        min_size=1,
    ),
    st.sampled_from([None, "'", '"', "|", ">"]),
    st.integers(8, 40),
)
def test_it_is_found_in_whatever_a_writer_of_yaml_makes_of_words(words, style, width):
    text = " ".join([*words, "X", *words])
    written = yaml.safe_dump({"a": text}, default_style=style, width=width)
    if style is not None:  # then the key is written so, too
        written = (
            yaml.safe_dump({"a": 0}).replace("0", "", 1).rstrip()
            + " "
            + yaml.safe_dump(text, default_style=style, width=width)
        )
        written = written.replace("\n", "\n  ").rstrip() + "\n"
    reading = parse(written.encode(), name="a.yaml")
    if reading.document is None or reading.document.value != {"a": text}:
        return
    told, stands = placed(written)
    assert told == stands


def test_behind_the_last_character_is_a_place_too():
    document = parse(b"a: data.x ==\n", name="a.yaml").document
    assert str(document.place_within(["a"], "data.x ==", 9)) == "a.yaml:1:13"


@pytest.mark.parametrize("offset", [1, 50])
def test_what_does_not_stand_there_is_at_the_start_of_the_value(offset):
    document = parse(b"a: b", name="a.yaml").document
    assert document.place_within(["a"], "quite another text", 17).column >= 4
    assert document.place_within(["a", "c"], "b", offset).line == 1
