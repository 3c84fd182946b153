"""Names of fields are text, whatever they look like: code that reads events holds them as nothing else."""

from __future__ import annotations

import builtins
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hookwright.rules import PatternIndex

NAMES = st.text(st.characters(exclude_characters="."), max_size=8).map(lambda name: f"{name}~")  # no operator
HOSTILE = [
    '"] or seen("',
    "'] or seen('",
    "\\'] or seen(1) #",
    "']\n    seen(1)\n    o0['",
    "x\x00'\r\nseen(1)\u2028seen(2)",
    "{seen(1)}",
    "%(seen)s",
    "'''",
    '"""',
    "\\",
    "\ud800'",
    "__class__",
    "o0",
    "MISSING",
    "None",
    "class",
    "",
]


def check(names: list[str], value: Any) -> None:
    """Each name at the top, as an inner object, and both with a text that looks the same."""
    index = PatternIndex({"p": {names[0]: {names[1]: {names[2]: [value]}}}, "q": {f"{names[0]}!": [value]}})
    for data, expected in [
        ({names[0]: {names[1]: {names[2]: value}}}, {"p"}),
        ({names[0]: [{names[1]: {names[2]: [value, 1]}}]}, {"p"}),
        ({".".join(names): value, f"{names[0]}!": value}, {"p", "q"}),
        ({names[0]: {names[1]: {names[2]: f"{value}!"}}}, set()),
        ({names[0]: {names[1]: {f"{names[2]}!": value}}}, set()),
    ]:
        assert index.match(data) == index.match_json(json.dumps(data).encode()) == expected


@settings(max_examples=100, deadline=None)
@given(st.lists(NAMES, min_size=3, max_size=3), st.text(max_size=8))
@example(["'~", '"~', "\\~"], "'")
def test_any_text_can_be_a_name_or_a_value(names: list[str], value: str) -> None:
    check(names, value)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_looks_like_code_is_never_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    monkeypatch.setattr(builtins, "seen", seen.append, raising=False)
    check([name, name, name], name)
    assert not seen
