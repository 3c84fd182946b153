from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hookwright.schemas.quoting import quoted, quoted_value


@pytest.mark.parametrize(
    ("line", "mark", "text"),
    [
        ("    if: 'vip' in data.tags", "in data", "\"'vip' in data.tags\""),
        ('  if: "vip" in data.tags  # why', "in data", "'\"vip\" in data.tags'"),
        ("  - {if: data.a in ['x']}", "['x", "\"data.a in ['x']\""),
        ("  - {a: b, if: data.a | default(1, true), c: d}", "data.a", '"data.a | default(1, true)"'),
        ("  a: {b: {X-A: {{ x }} y}, c: d}", "{{", '"{{ x }} y"'),
        ("  - *.png", ".png", '"*.png"'),
        ("  x: [a, @b, c]", "@b", '"@b"'),
        ("  x: {a: 1, b: c, d}", "c, d", '"c, d"'),
        ("  - description: [Sales] new leads", "new", '"[Sales] new leads"'),
        ("bundle: `crm`", "`", '"`crm`"'),
    ],
)
def test_the_whole_value_is_put_in_quotes(line, mark, text):
    assert quoted_value(line, line.index(mark)) == text


@pytest.mark.parametrize(
    ("line", "mark"),
    [
        ("  token: @s3cret", "@"),
        ("  auth: {type: bearer, token: @s3cret}", "@"),
        ("  headers: {X-Api-Key: [@s3cret]}", "@"),
        ("  url: https://user:s3cret@e.example.com: x", ": x"),
        ("  - {id: 'one' event: two}", "event"),
        (f"  text: {'x' * 100}: y", ": y"),
        ("", ""),
    ],
)
def test_nothing_is_proposed_for_what_may_be_a_secret_or_no_text(line, mark):
    assert quoted_value(line, line.index(mark)) is None


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_quoted_text_is_read_as_itself(text):
    assert yaml.safe_load(quoted(text)) == text


@given(st.text(st.sampled_from("a :,#{}[]()'\"\\-*"), max_size=30), st.integers(0, 30))
def test_any_line_is_looked_at_without_a_fault(line, at):
    proposed = quoted_value(line, at)
    assert proposed is None or yaml.safe_load(proposed) in line


def test_brackets_of_an_expression_are_no_list():
    assert quoted_value("  if: (a or b) and 'x' in c", 20) == "\"(a or b) and 'x' in c\""
