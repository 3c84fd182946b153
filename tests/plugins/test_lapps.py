"""Lapps as plugins bring them, and the secrets that are put into their configuration."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import pytest

from hookwright.plugins.errors import MissingSecret
from hookwright.plugins.hookspecs import LappFunction
from hookwright.plugins.loader import load_plugins
from hookwright.plugins.resolving import resolved
from hookwright.plugins.testing import EVENT, LappContract
from hookwright.schemas.schema import config_schema

PLUGIN = """
from hookwright.plugins import hookimpl
from hookwright.plugins.hookspecs import LappFunction

SCHEMA = {"type": "object", "properties": {"key": {"$ref": "#/$defs/secret"}}, "required": ["key"]}

@hookimpl
def hookwright_lapps():
    return [LappFunction("acme-score", lambda event, config: event.data, SCHEMA)]
"""
SECRET = {"$ref": "#/$defs/secret"}


def test_a_lapp_of_an_installed_plugin_is_found_by_its_name(install):
    install("hookwright-acme", PLUGIN)
    plugins = load_plugins()
    assert plugins.problems == ()
    assert plugins.lapps["acme-score"].call(EVENT, {}) == EVENT.data
    assert plugins.fragments()["lapp"]["acme-score"]["required"] == ["key"]
    (ours,) = (each for each in plugins.loaded if each.name == "acme")
    assert ours.provides == ("lapp acme-score",)


def test_a_lapp_without_a_function_is_left_out(install):
    install("hookwright-bad", PLUGIN.replace("lambda event, config: event.data", "None"))
    (problem,) = load_plugins().problems
    assert problem.reason == "hookwright_lapps: LappFunction 'acme-score' has no method call"


def test_the_schema_of_a_lapp_says_what_its_config_is():
    schema = config_schema({"lapp": {"acme-score": {"properties": {"least": {"type": "integer"}}}}})
    assert schema["$defs"]["lapp"]["acme-score"]["additionalProperties"] is False
    assert schema["$defs"]["any_lapp"]["allOf"][0]["then"]["properties"]["config"] == {
        "$ref": "#/$defs/lapp/acme-score"
    }


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        (
            {"properties": {"key": SECRET}},
            {"key": {"env": "A"}, "b": {"env": "A"}},
            {"key": "<A>", "b": {"env": "A"}},
        ),
        (
            {"properties": {"keys": {"items": SECRET}}},
            {"keys": [{"env": "A"}, {"env": "B"}]},
            {"keys": ["<A>", "<B>"]},
        ),
        (
            {"additionalProperties": {"$ref": "#/$defs/text"}},
            {"x": {"env": "A"}, "y": "z"},
            {"x": "<A>", "y": "z"},
        ),
        (
            {"properties": {"key": {"oneOf": [{"type": "null"}, SECRET]}}},
            {"key": {"env": "A"}},
            {"key": "<A>"},
        ),
        ({}, {"key": {"env": "A"}}, {"key": {"env": "A"}}),
        ({"additionalProperties": False}, {"key": 1}, {"key": 1}),
    ],
)
def test_a_secret_is_put_where_the_schema_says_so_and_nowhere_else(schema, value, expected):
    assert resolved(value, schema, lambda reference: f"<{reference['env']}>") == expected


def test_a_missing_secret_is_told():
    def nothing(reference):
        raise MissingSecret("env", reference["env"], "it is not set")

    with pytest.raises(MissingSecret):
        resolved({"key": {"env": "A"}}, {"properties": {"key": SECRET}}, nothing)


def _shows(event: Any, config: Any) -> Any:
    raise RuntimeError(f"no luck with {config['key']}")


def _changes(event: Any, config: Any) -> Any:
    event.data["new"] = 1


FAULTY = {
    "test_its_name_and_schema_are_usable": LappFunction("Upper Case", _changes),
    "test_its_value_is_json_of_at_most_a_mebibyte": LappFunction("a", lambda event, config: {1, 2}),
    "test_it_fails_with_an_exception_that_shows_no_secret": LappFunction(
        "a", _shows, {"properties": {"key": SECRET}}
    ),
    "test_the_event_is_left_as_it_was": LappFunction("a", _changes),
}


@pytest.mark.parametrize(("check", "lapp"), FAULTY.items(), ids=FAULTY)
def test_each_check_goes_red_on_the_lapp_that_breaks_it(check, lapp):
    class Contract(LappContract):
        config: ClassVar = {"key": {"env": "KEY"}}
        secrets: ClassVar = {"KEY": "s3cret"}
        events: ClassVar = (replace(EVENT, data={}),)

        def make(self):
            return lapp

    with pytest.raises(AssertionError):
        getattr(Contract(), check)()


class TestSound(LappContract):
    config: ClassVar = {"key": {"env": "KEY"}}
    secrets: ClassVar = {"KEY": "s3cret"}

    def make(self):
        return LappFunction("a", lambda event, config: [event.data], {"properties": {"key": SECRET}})
