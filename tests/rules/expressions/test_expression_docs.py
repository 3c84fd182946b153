"""The reference page of expressions names all there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from hookwright.rules.expression.budget import CHARACTERS_A_STEP, STEPS
from hookwright.rules.expression.expression import LONGEST_KEY
from hookwright.rules.expression.filters import FILTERS, TESTS
from hookwright.rules.expression.operators import LARGEST
from hookwright.rules.expression.syntax import DEEPEST, LONGEST, MOST_PARTS
from hookwright.schemas.schema import load_schema

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "expressions.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", FILTERS)
def test_every_filter_is_documented(name):
    assert f"x \\| {name}" in PAGE


@pytest.mark.parametrize("name", TESTS)
def test_every_test_is_documented(name):
    assert f"is {name}" in PAGE


def test_the_limits_are_documented():
    words = " ".join(PAGE.split())
    assert f"{LONGEST:,} characters, {MOST_PARTS} parts and {DEEPEST} levels" in words
    assert f"about {STEPS:,} values or {STEPS * CHARACTERS_A_STEP // 1_000_000} million characters" in words
    assert f"{LARGEST:,} bits" in words
    assert f"at most {LONGEST_KEY:,} characters" in words


def test_the_schema_takes_texts_as_long_as_an_expression_may_be():
    assert load_schema("config")["$defs"]["expression"]["maxLength"] == LONGEST
