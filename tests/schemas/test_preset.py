from __future__ import annotations

import jsonschema_rs
import pytest

from hookwright.schemas.catalogue import load_catalogue
from hookwright.schemas.preset import load_preset, read_preset
from hookwright.schemas.schema import load_schema


def test_the_values_of_leadsquared():
    preset = load_preset("leadsquared")
    assert (preset.name, preset.version) == ("leadsquared", 1)
    assert preset.defaults == {
        "success": [200],
        "timeout": "15s",
        "retry": {"attempts": 3, "initial": "10s", "multiplier": 3},
        "disable_after": {"failures": 10},
        "entity_params": True,
    }
    assert preset.families == {
        "activity": {"batch": {"window": "1m", "max_events": 1000, "max_bytes": "1MiB"}}
    }
    assert preset.limits == {"headers": 10}


def test_what_is_not_done_yet_stands_in_the_file_and_is_inactive():
    written = read_preset("leadsquared")
    assert written["defaults"]["breaker"] is False
    assert "breaker" not in load_preset("leadsquared").defaults


def test_defaults_and_families_are_what_a_bundle_may_write_itself():
    schema = {**load_schema("config"), "$ref": "#/$defs/defaults"}
    for key in ("properties", "required", "additionalProperties", "type"):
        del schema[key]
    validator = jsonschema_rs.Draft202012Validator(schema, offline=True)
    written = read_preset("leadsquared")
    for values in (written["defaults"], *written["families"].values()):
        assert [str(error) for error in validator.iter_errors(values)] == []
    assert not validator.is_valid({"timeout": 5})


def test_families_are_families_of_the_catalogue():
    known = {row.family for row in load_catalogue().types}
    assert set(read_preset("leadsquared")["families"]) <= known


def test_there_is_no_preset_of_another_name():
    with pytest.raises(FileNotFoundError):
        load_preset("none")
