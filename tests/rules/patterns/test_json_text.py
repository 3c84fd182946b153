"""Matching the JSON text of an event is matching its value, however the text is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from hookwright.rules import PatternIndex

from .drawn import VALUES, Drawer, operators

INDEX = PatternIndex(
    {
        **{f"a {number}": {"a": [each]} for number, each in enumerate([*VALUES, *operators()])},
        **{f"drawn {number}": Drawer(Random(number)).pattern() for number in range(100)},
        **{f"row {number}": Drawer(Random(number)).row_pattern() for number in range(100)},
    }
)


def escaped(value: Any) -> str:
    """Every character of every string as `\\uXXXX`, names too."""
    if isinstance(value, str):
        units = value.encode("utf-16-be", "surrogatepass").hex()
        return '"' + "".join(rf"\u{units[at : at + 4]}" for at in range(0, len(units), 4)) + '"'
    if isinstance(value, list):
        return f"[{','.join(map(escaped, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{escaped(name)}:{escaped(below)}' for name, below in value.items())}}}"
    return json.dumps(value)


SPELLINGS: list[Callable[[Any], str]] = [
    json.dumps,
    lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")),
    lambda value: json.dumps(value, indent="\t").replace("\n", "\r\n") + " ",
    escaped,
]


@pytest.mark.parametrize("spelt", SPELLINGS, ids=["plain", "compact", "indented", "escaped"])
def test_a_text_is_matched_as_its_value(spelt: Callable[[Any], str]) -> None:
    draw = Drawer(Random(5))
    events = [draw.event() for _ in range(150)] + [draw.row() for _ in range(50)]
    events += [{"a": value} for value in VALUES] + VALUES
    for event in events:
        text = spelt(event)
        assert INDEX.match_json(text.encode()) == INDEX.match(json.loads(text)), text


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 0, "a": 1}',  # the last one counts
        '{"a": 1, "a": {}}',
        '{"a": 1, "a.b": "a", "a": {"b": "ab"}}',
        '{"a": {"b": 1}, "a": {"c": 1}}',
        '{"a": "\\ud800"}',
        '{"\\ud800": 1, "a": 1}',
        '{"a": "\\ud83d\\ude00"}',
        '{"a": 1e400}',
        '{"a": -1e400, "zzz": 1e400}',
        '{"a": -0}',
        '{"a": -0.0}',
        '{"a": 1E0}',
        '{"a": 9007199254740993.0}',
        '{"a": 0.1000000000000000055511151231257827}',
        f'{{"a": {"1" * 400}.5}}',
        f'{{"a": {"9" * 4_000}, "zzz": {"9" * 4_000}}}',
        f'{{"a": [{"[" * 500}{"]" * 500}, 1]}}',
        '{"zzz": {"a": [1, {"b": null}]}, "a": [[]]}',
        '{"": 1, "a": 1}',
        '{"a": 18446744073709551615}',
        '{"a": 18446744073709551616}',
        '{"a": -9223372036854775809}',
    ],
    ids=lambda text: text[:40],
)
def test_odd_texts_are_matched_as_their_value(text: str) -> None:
    for written in (text, f"[{text}]", f'{{"b": {text}}}', f'{{"a": {text}}}'):
        assert INDEX.match_json(written.encode()) == INDEX.match(json.loads(written))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"nul",
        b"{",
        b'{"a": 1',
        b'{"a": 1}}',
        b'{"a": 1,}',
        b'{"a": 01}',
        b"\xff",
        b'"\xff"',
        b"'a'",
    ],
)
def test_what_is_no_json_is_a_value_error(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        INDEX.match_json(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"a": 1, "zzz": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=["lists", "objects", "where nobody asks"],
)
def test_a_text_too_deep_to_be_read_is_a_value_error(raw: bytes) -> None:
    with pytest.raises(ValueError, match="nested too deep"):
        INDEX.match_json(raw)


def test_an_integer_too_long_to_be_read_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="digits"):
        INDEX.match_json(b'{"a": ' + b"9" * 5_000 + b"}")
