"""Schemas of event types: kept in the model as written, compiled into the table, lent to the API's bundle."""

from __future__ import annotations

from pathlib import Path

import pytest

from hookwright.rules.beside import load_beside
from hookwright.rules.build import build
from hookwright.rules.compile import compile_table
from hookwright.rules.errors import SourceError
from hookwright.rules.source import Source, from_json
from hookwright.schemas.document import parse

BUNDLE = """
events:
  - {type: com.example.cold, schema: {required: [ProspectID]}}
  - {type: com.example.free}
  - {type: Lead_Post_Create, schema: {type: object}}
"""


def test_they_are_in_the_model_and_compiled_into_the_table(model):
    found = model(BUNDLE)
    assert found.event_schemas == {
        "com.example.cold": {"required": ["ProspectID"]},
        "Lead_Post_Create": {"type": "object"},
    }
    schemas = compile_table(found).event_schemas
    assert schemas["com.example.cold"].fits({"ProspectID": "p"})
    assert not schemas["com.example.cold"].fits({})
    assert not schemas["Lead_Post_Create"].fits([])
    assert "com.example.free" not in schemas


def test_a_worker_has_the_same(bundle):
    source = bundle(BUNDLE).source
    assert build(from_json(source.to_json())).event_schemas == build(source).event_schemas


def test_an_alias_is_a_schema_as_any_other(model):
    one, two = "{type: com.example.one, schema: &id {required: [Id]}}", "{type: com.example.two, schema: *id}"
    shared = f"events: [{one}, {two}]"
    schemas = model(shared).event_schemas
    assert schemas["com.example.one"] == schemas["com.example.two"]


def test_a_schema_that_a_newer_version_published_otherwise_is_refused():
    content = {"events": [{"type": "com.example.cold", "schema": 5}]}
    with pytest.raises(SourceError, match=r"cannot read the schema of com.example.cold"):
        build(Source("b", "leadsquared", 1, content))


def test_a_schema_in_a_file_means_the_same_as_in_place(bundle, tmp_path):
    written = bundle(BUNDLE).source
    (tmp_path / "hooks" / "cold.json").write_text('{"required":\n["ProspectID"]}')
    named = bundle(BUNDLE.replace("{required: [ProspectID]}", "cold.json"))
    assert named.source.revision == written.revision
    assert named.files == (Path("hooks/cold.json"),)
    (tmp_path / "hooks" / "cold.json").write_text('{"required": []}')
    assert bundle(BUNDLE.replace("{required: [ProspectID]}", "cold.json")).source.revision != written.revision


def test_the_files_of_a_faulty_bundle_are_told_so_that_their_change_is_noticed(bundle):
    loaded = bundle("events: [{type: com.example.cold, schema: cold.json}]")
    assert loaded.model is None
    assert loaded.files == (Path("hooks/cold.json"),)


def test_what_is_lent_to_the_bundle_beside_is_not_checked_once_more(bundle):
    host = bundle("events: [{type: com.example.cold, schema: {requird: [a]}}]")
    assert [problem.code for problem in host.problems] == ["HW143"]
    beside = parse(
        b"version: 1\nwebhooks: [{id: a, event: com.example.cold, url: 'https://a.example/'}]", name="b"
    )
    assert load_beside(beside.document, host.source).problems == ()
