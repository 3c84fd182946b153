"""Contract checks made of the examples in a plugin's own schemas."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from hookwright.plugins.errors import MissingSecret
from hookwright.plugins.loader import load_plugins
from hookwright.plugins.registry import Contribution
from hookwright.plugins.testing.examples import NoExample, example_of, references_in
from hookwright.plugins.testing.installed import check_contribution


@pytest.mark.parametrize(
    ("schema", "example"),
    [
        ({"examples": [1, 2]}, 1),
        ({"enum": ["a", "b"]}, "a"),
        ({"const": False}, False),
        ({"$ref": "#/$defs/secret"}, {"env": "CHECK"}),
        ({"type": "object", "properties": {"a": {"examples": [1]}, "b": {}}, "required": ["a"]}, {"a": 1}),
        ({"type": "object"}, {}),
    ],
)
def test_an_example_is_made_of_a_schema(schema, example):
    assert example_of(schema) == example


def test_a_schema_without_an_example_is_told_with_the_place():
    inner = {"type": "object", "properties": {"b": {"type": "string"}}, "required": ["b"]}
    with pytest.raises(NoExample, match="no example of /a/b"):
        example_of({"type": "object", "properties": {"a": inner}, "required": ["a"]})


def test_references_are_found_at_any_depth():
    value: Any = {
        "a": {"env": "A"},
        "b": [{"c": {"file": "b"}}, {"other": "C"}],
        "d": {"env": {"env": "D"}},
        "e": {},
    }
    assert sorted(references_in(value, {"env", "file"})) == ["A", "D", "b"]


def test_every_built_in_plugin_keeps_its_contract():
    plugins = load_plugins(allow=())
    for item in plugins.contributions:
        checked = list(check_contribution(item, plugins.secrets))
        assert [one for one in checked if one.outcome == "failed"] == []
        assert Counter(one.outcome for one in checked)["passed"] >= 3, item.name


class Shouts:
    name = "shouts"

    def build(self, config, secrets):
        token = secrets(config["token"])

        def inject(request, attempt):
            request.headers["X"] = token
            raise RuntimeError(f"no way\n{attempt.message}")

        return inject


def outcomes(family, value, schema):
    found = check_contribution(Contribution(family, value.name, schema, value), {"env"})
    return {one.check: (one.outcome, one.detail) for one in found}


SCHEMA = {"type": "object", "properties": {"token": {"$ref": "#/$defs/secret"}}, "required": ["token"]}


def test_what_a_plugin_raises_is_told_on_one_line():
    found = outcomes("auth", Shouts(), SCHEMA)
    assert found["it authenticates"] == ("failed", "RuntimeError: no way msg_abcdefghijklmnopqrstuvwxyz")


def test_what_made_up_secrets_do_not_build_is_left_to_the_plugins_own_tests():
    class Picky(Shouts):
        def build(self, config, secrets):
            raise ValueError("not base64")

    found = outcomes("auth", Picky(), SCHEMA)
    said = ("skipped", "its example and made-up secrets do not build it (ValueError)")
    assert found["it authenticates"] == said
    assert found["its name and schema are usable"][0] == "failed"  # it has no schema of its own


@pytest.mark.parametrize("raised", [SystemExit("bye"), RuntimeError("oh"), KeyError("x")])
def test_whatever_a_plugin_raises_the_others_are_checked(raised):
    class Breaks(Vault):
        def resolve(self, reference):
            raise raised

    found = outcomes("secret", Breaks({}), Vault.schema)
    assert found == {"the contract": ("failed", f"{type(raised).__name__}: {raised}")}


def test_a_schema_without_examples_skips_the_contract():
    schema = {"type": "object", "properties": {"token": {"type": "string"}}, "required": ["token"]}
    assert outcomes("auth", Shouts(), schema) == {
        "the contract": ("skipped", "its schema has no example of /token")
    }


class Vault:
    name = "vault"
    schema = {"type": "string", "examples": ["known"]}  # noqa: RUF012

    def __init__(self, values):
        self.values = values

    def resolve(self, reference):
        if reference not in self.values:
            raise MissingSecret("vault", reference, "is not there")
        return self.values[reference]


def test_a_source_is_checked_with_its_example_whether_it_is_there_or_not():
    there, away = (outcomes("secret", Vault(values), Vault.schema) for values in ({"known": "x"}, {}))
    assert there["it finds a secret"][0] == "passed"
    assert there["a missing secret is named"][0] == "skipped"
    assert away["it finds a secret"] == ("skipped", "'known', its example, is not there")
    assert away["a missing secret is named"][0] == "passed"
