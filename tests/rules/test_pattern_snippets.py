"""What editors offer inside a pattern is what the pattern language has."""

from __future__ import annotations

import re

import yaml

from hookwright.rules.pattern import pattern_errors
from hookwright.rules.pattern.alternatives import OPERATORS
from hookwright.schemas.schema import load_schema


def snippets():
    found = load_schema("config")["$defs"]["alternative"]["defaultSnippets"]
    return {each["label"]: each["body"] for each in found}


def test_every_operator_is_offered_and_nothing_else():
    assert set(snippets()) == set(OPERATORS)


def test_what_is_offered_is_a_pattern():
    for operator, body in snippets().items():
        written = re.sub(r"\$\{\d:([^}]*)\}", r"\1", body.removeprefix("^"))
        assert pattern_errors({"Field": [yaml.safe_load(written)]}) == (), operator
