"""The journal's schema against lines as they are written, one of each kind."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest

from hookwright.schemas.schema import load_schema

SCHEMA = load_schema("history")
VALIDATOR = jsonschema_rs.Draft202012Validator(SCHEMA, offline=True)
LINES = [
    json.loads(line) for line in (Path(__file__).parent / "journal" / "lines.jsonl").read_text().splitlines()
]
BY_KIND = {line["kind"]: line for line in LINES}


@pytest.mark.parametrize("line", LINES, ids=lambda line: line["kind"])
def test_lines_as_they_are_written_are_valid(line):
    assert [str(error) for error in VALIDATOR.iter_errors(line)] == []


def test_there_is_a_line_of_every_kind():
    assert (
        set(BY_KIND)
        == set(SCHEMA["$defs"]["kind"]) - {"description"}
        == set(SCHEMA["properties"]["kind"]["enum"])
    )


@pytest.mark.parametrize("kind", BY_KIND)
def test_no_line_does_without_its_envelope_or_has_a_field_more(kind):
    line = BY_KIND[kind]
    for name in ("v", "n", "at", "kind", "crc"):
        assert not VALIDATOR.is_valid({key: value for key, value in line.items() if key != name})
    assert not VALIDATOR.is_valid({**line, "extra": 1})


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("accepted", "kind", "batched"), ("accepted", "v", 2), ("accepted", "crc", "9AB2C3D4"),
        ("accepted", "at", "2026-11-23T21:04:02Z"), ("accepted", "revision", "0f"),
        ("attempt", "outcome", "lost"),
        ("attempt", "error", "plugin:"), ("attempt", "error", "oops"), ("attempt", "timing", {}),
        ("lease_lost", "outcome", "retry"), ("settled", "status", "In Queue"),
        ("settled", "delivery", "dlv_x"),
        ("subscriber", "change", "deleted"), ("attempt", "response", {"status": 0}),
    ],
)  # fmt: skip
def test_what_is_no_such_line_is_refused(kind, field, value):
    assert not VALIDATOR.is_valid({**BY_KIND[kind], field: value})


def test_a_plugin_may_be_the_cause_of_an_error():
    assert VALIDATOR.is_valid({**BY_KIND["attempt"], "error": "plugin:vault"})
