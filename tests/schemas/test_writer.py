"""What is written as YAML is read as the same value, whatever YAML of any version makes of a word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookwright.schemas.document import parse
from hookwright.schemas.writer import to_yaml

WORDS = r"""on off yes no y n true True null Null ~ - ? : # &a = << * !x % @ ` {} [] --- ... | > \ ' "
010 0o10 0x1F 1:30 1e3 1E3 1.5 .5 5. +1 -0 1_000 .inf .nan 12 2026-11-23 2026-11-23T21:04:02Z"""
ODD = [
    *WORDS.split(),
    *("", " ", "a: b", "a #b", "- x", "- - -", "? a", "a\nb", "\n", "\ta", "a\t", " a", "a ", "a\\nb"),
    *(
        "\u2028",
        "\u0085",
        "\ufeff",
        "\u200b",
        "\U0001f600",
        "\U0010ffff",
        "ß",
        "\x7f",
        "{{ data.x }}",
        "Lead_*",
    ),
    "9" * 400,
]
TEXTS = st.one_of(st.sampled_from(ODD), st.text(st.characters(codec="utf-8", exclude_categories=["Cs"])))
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXTS
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def _read(text: str):
    reading = parse(text.encode(), name="w.yaml")
    assert reading.problems == (), f"{text}\n{reading.problems}"
    return reading.document.value


def _same(left, right) -> bool:
    """Equal, and of one type: 1 is not 1.0 and not true."""
    if isinstance(left, dict) and isinstance(right, dict):
        return list(left) == list(right) and all(_same(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return isinstance(right, list) and len(left) == len(right) and all(map(_same, left, right))
    return type(left) is type(right) and repr(left) == repr(right)


@pytest.mark.parametrize("text", ODD)
def test_every_odd_word_comes_back_as_text_and_as_a_key(text):
    value = {"a": text, "b": [text], "c": {text: 1}}
    assert _same(_read(to_yaml(value)), value)


@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4))
def test_nothing_stands_in_it_that_a_terminal_would_obey_or_hide(value):
    assert all(line.isprintable() for line in to_yaml(value).split("\n"))


def test_marks_that_reorder_text_are_escaped_and_languages_left_alone():
    assert to_yaml({"a": "x\u202ey\u200b", "b": "Grüße 東京"}) == 'a: "x\\u202Ey\\u200B"\nb: Grüße 東京\n'


@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4))
def test_any_value_comes_back_the_same(value):
    assert _same(_read(to_yaml(value)), value)


def test_it_reads_like_something_a_person_wrote():
    value = {
        "webhooks": [
            {"id": "a", "event": ["Lead_Post_Create", "Lead_*"], "delay": "30s", "headers": {"X-On": "no"}},
            {"id": "b", "match": {"Stage": [{"prefix": "Hot"}]}},
        ]
    }
    assert to_yaml(value) == (
        "webhooks:\n"
        "  - id: a\n"
        "    event:\n"
        "      - Lead_Post_Create\n"
        "      - Lead_*\n"
        "    delay: 30s\n"
        "    headers:\n"
        "      X-On: 'no'\n"
        "  - id: b\n"
        "    match:\n"
        "      Stage:\n"
        "        - prefix: Hot\n"
    )
