from __future__ import annotations

from pathlib import Path

import jsonschema_rs
import pytest

from hookwright.schemas import preset as preset_module
from hookwright.schemas.catalogue import load_catalogue
from hookwright.schemas.grammar import duration
from hookwright.schemas.preset import load_preset, read_preset
from hookwright.schemas.schema import NOT_YET, load_schema

PRESETS = load_schema("config")["properties"]["preset"]["enum"]


def test_the_values_of_leadsquared():
    assert read_preset("leadsquared")["defaults"] == {
        "success": [200],
        "timeout": "15s",
        "retry": {"attempts": 3, "initial": "10s", "multiplier": 3, "retry_after": False},
        "breaker": False,
        "disable_after": {"failures": 10},
        "entity_params": True,
    }
    preset = load_preset("leadsquared")
    assert (preset.name, preset.version, preset.requires) == ("leadsquared", 1, ())
    assert preset.families == {
        "activity": {"batch": {"window": "1m", "max_events": 1000, "max_bytes": "1MiB"}}
    }
    assert preset.limits == {"headers": 10}


def test_the_values_of_standard():
    written = read_preset("standard")
    assert written["defaults"] == {
        "success": "2xx",
        "timeout": "15s",
        "retry": {"schedule": ["5s", "5m", "30m", "2h", "5h", "10h", "10h"], "retry_after": True},
        "breaker": {"failures": 5, "probe": "1m", "probe_max": "1h"},
        "disable_after": {"status": [410], "for": "5d", "tries": 20},
        "entity_params": False,
    }
    waits = [duration(wait) for wait in written["defaults"]["retry"]["schedule"]]
    assert (len(waits) + 1, sum(waits)) == (8, duration("27h35m5s"))
    preset = load_preset("standard")
    assert (preset.name, preset.version, preset.requires) == ("standard", 1, ("signing",))
    assert (preset.families, preset.limits) == ({}, {"headers": 64})


@pytest.mark.parametrize("name", PRESETS)
def test_all_that_a_preset_says_is_done_and_all_it_requires_can_be_said(name):
    """A key in a preset whose part of the language is still marked would be left out without a word."""
    preset, written = load_preset(name), read_preset(name)
    assert (preset.defaults, preset.families) == (written["defaults"], written["families"])
    language = load_schema("config")
    assert NOT_YET not in language["properties"]["preset"]
    assert not [key for key in preset.requires if NOT_YET in language["$defs"]["target"]["properties"][key]]


@pytest.mark.parametrize("name", PRESETS)
def test_defaults_and_families_are_what_a_bundle_may_write_itself(name):
    schema = {**load_schema("config"), "$ref": "#/$defs/defaults"}
    for key in ("properties", "required", "additionalProperties", "type"):
        del schema[key]
    validator = jsonschema_rs.Draft202012Validator(schema, offline=True)
    written = read_preset(name)
    for values in (written["defaults"], *written["families"].values()):
        assert [str(error) for error in validator.iter_errors(values)] == []
    assert not validator.is_valid({"timeout": 5})


def test_every_preset_of_the_schema_is_a_file_of_that_name_and_no_other_is():
    folder = Path(preset_module.__file__).parent / "presets"
    assert {path.stem for path in folder.iterdir()} == set(PRESETS)
    assert [read_preset(name)["name"] for name in PRESETS] == PRESETS


def test_families_are_families_of_the_catalogue():
    known = {row.family for row in load_catalogue().types}
    assert set(read_preset("leadsquared")["families"]) <= known


def test_there_is_no_preset_of_another_name():
    with pytest.raises(FileNotFoundError):
        load_preset("none")
