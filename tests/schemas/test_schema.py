from __future__ import annotations

import json

import jsonschema_rs
import pytest
from jsonschema import Draft202012Validator

from hookwright.schemas.nearest import nearest
from hookwright.schemas.schema import NOT_YET, as_built, config_schema, load_schema

NAMES = ["config", "event", "explanation", "history", "timeline"]


def parts(schema, path="#"):
    """Every subschema with its JSON Pointer; examples and other data are left out."""
    if not isinstance(schema, dict):
        return
    yield path, schema
    for key in ("items", "additionalProperties", "propertyNames", "if", "then", "else", "not", NOT_YET):
        yield from parts(schema.get(key), f"{path}/{key}")
    for key in ("properties", "$defs", "dependentSchemas"):
        for name, part in schema.get(key, {}).items():
            yield from parts(part, f"{path}/{key}/{name}")
    if path in {"#/$defs/auth", "#/$defs/kind"}:  # one schema for each type
        for name, part in schema.items():
            yield from parts(part, f"{path}/{name}")


def resolved(root, part):
    while "$ref" in part and "description" not in part:
        found = root
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        part = found
    return part


def properties(root):
    for path, part in parts(root):
        conditional = any(step in path for step in ("/if", "/dependentSchemas"))
        for name, prop in part.get("properties", {}).items() if not conditional else ():
            yield f"{path}/properties/{name}", resolved(root, prop)


@pytest.mark.parametrize("name", NAMES)
def test_each_is_a_valid_schema_of_draft_2020_12(name):
    schema = load_schema(name)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)
    jsonschema_rs.Draft202012Validator(schema, offline=True)


def test_with_the_fragments_of_plugins_it_is_still_one(fragments):
    schema = config_schema(fragments)
    Draft202012Validator.check_schema(schema)
    assert schema["$defs"]["any_auth"]["properties"]["type"]["enum"] == ["basic", "bearer"]
    assert schema["$defs"]["auth"]["bearer"]["additionalProperties"] is False
    assert list(schema["$defs"]["reference"]["properties"]) == ["env", "file"]


@pytest.mark.parametrize("name", NAMES)
def test_every_property_has_a_description_and_examples(name):
    root = load_schema(name)
    found = list(properties(root))
    assert len(found) > 5
    for path, part in found:
        assert part.get("description", "").endswith((".", "?")), path
        assert part.get("examples"), path


@pytest.mark.parametrize("name", NAMES)
def test_every_example_is_valid(name, fragments):
    root = load_schema(name)
    for path, part in [("#", root), *properties(root)]:
        if name == "config":  # what is not done yet is an example of the language all the same
            schema = {"$defs": root["$defs"], **part}
        else:
            schema = (
                {"$defs": root["$defs"], "properties": root["properties"], **part}
                if "$defs" in root
                else part
            )
        validator = jsonschema_rs.Draft202012Validator(schema, offline=True)
        for example in part.get("examples", []):
            assert [str(error) for error in validator.iter_errors(example)] == [], path


@pytest.mark.parametrize("name", NAMES)
def test_no_keyword_is_used_whose_messages_say_nothing(name):
    text = json.dumps(load_schema(name))
    for keyword in ("oneOf", "anyOf", "unevaluatedProperties", "unevaluatedItems", "$dynamicRef"):
        assert f'"{keyword}"' not in text


TARGET = (
    "url method query encoder content_type headers auth signing tls timeout success retry rate concurrency "
    "breaker body template entity_params"
)
SUBSCRIBER = (
    "id description event source match if delay batch order_by dedupe hold_outside skip_outside "
    "notify_on_failure disable_after redact labels owner enabled renamed_from"
)
STEP = "id wait wait_for if then else choose for_each post notify lapp emit set stop on_error"
ROOT = "version bundle preset defaults webhooks rules automations notifiers events sources schedules"


def test_the_language_has_these_keys():
    schema = load_schema("config")
    defs = schema["$defs"]
    assert set(schema["properties"]) == set(ROOT.split())
    assert set(defs["target"]["properties"]) == set(TARGET.split())
    assert set(defs["subscriber"]["properties"]) == set(SUBSCRIBER.split())
    assert set(defs["step"]["properties"]) == set(STEP.split())
    assert set(defs["action"]["properties"]) == {"post", "notify", "lapp", "emit"}
    run = {"cron", "key", "mode", "max", "on_overflow", "vars", "steps", "on_failure"}
    assert set(defs["automation"]["properties"]) == {*SUBSCRIBER.split(), *run}
    assert set(defs["schedule"]["properties"]) == {"id", "timezone", "weekdays", "between"}
    assert set(defs["source"]["properties"]) == {"id", "source", "type_header", "type_field"}


def test_a_webhook_has_every_key_of_a_subscriber_and_of_a_target():
    defs = load_schema("config")["$defs"]
    subscriber, target = defs["subscriber"]["properties"], defs["target"]["properties"]
    assert set(defs["webhook"]["properties"]) == {*subscriber, *target, "type", "lapp"}
    assert set(defs["rule"]["properties"]) == {*subscriber, "actions"}
    assert set(subscriber) < set(defs["automation"]["properties"])
    assert not set(subscriber) & set(target)
    for kind in ("webhook", "rule", "automation", "defaults"):
        for name, part in defs[kind]["properties"].items():
            home = "subscriber" if name in subscriber else "target" if name in target else None
            if home:
                assert part == {"$ref": f"#/$defs/{home}/properties/{name}"}


def test_defaults_have_what_several_subscribers_can_share():
    defs = load_schema("config")["$defs"]
    alone = {"id", "description", "event", "match", "if", "renamed_from", "url", "query", "body", "template"}
    every = {*defs["subscriber"]["properties"], *defs["target"]["properties"]}
    assert set(defs["defaults"]["properties"]) == every - alone


def test_no_known_key_looks_like_a_missing_one():
    """A misspelt key hides the complaint about the missing one, which no key that is spelt right may do."""
    for path, part in parts(load_schema("config")):
        for name in part.get("required", []):
            others = set(part.get("properties", {})) - {name}
            assert not nearest(name, others), path


def test_what_a_fragment_may_refer_to_is_there():
    defs = config_schema({})["$defs"]
    assert {"duration", "rate", "secret", "size", "text"} <= set(defs)


@pytest.mark.parametrize("reference", ["#/$defs/webhook", "http://127.0.0.1:9/x", "file:///etc/passwd", "#"])
def test_a_fragment_may_refer_to_nothing_else(reference):
    fragment = {"type": "object", "properties": {"a": {"type": "array", "items": [{"$ref": reference}]}}}
    with pytest.raises(ValueError, match="the schema of auth x refers to"):
        config_schema({"auth": {"x": fragment}})


def test_an_unknown_family_is_refused():
    with pytest.raises(ValueError, match="unknown families of plugins: encoder"):
        config_schema({"encoder": {}})


def test_what_is_not_done_yet_is_replaced_wherever_it_is_allowed():
    schema = as_built(load_schema("config"), lambda what: False if what is True else {"not": what})
    assert NOT_YET not in json.dumps(schema)
    assert schema["properties"]["sources"] is False
    assert schema["$defs"]["webhook"]["properties"]["renamed_from"] is False
    some = {"properties": {"a": {"type": "string", NOT_YET: {"const": "b"}}}}
    assert as_built(some, lambda what: {"not": what})["properties"]["a"]["not"] == {"const": "b"}


def test_what_is_not_done_yet_is_checked_like_everything_else():
    """The schema that explains says all the language does, and has its marks behind a `$ref`, too."""
    language = load_schema("config")
    explaining = dict(parts(as_built(language, lambda what: {NOT_YET: what})))
    for path, part in parts(language):
        assert set(part) <= set(explaining[path]) <= {*part, NOT_YET}, path
        assert NOT_YET not in part or explaining[path][NOT_YET] == part[NOT_YET], path
    assert explaining["#/$defs/webhook/properties/renamed_from"][NOT_YET] is True


def test_the_types_of_a_family_are_those_that_plugins_bring():
    kind = {"type": "object", "properties": {"secret": {"$ref": "#/$defs/secret"}}, "required": ["secret"]}
    assert config_schema({})["$defs"]["any_signing"]["properties"]["type"]["enum"] == []
    union = config_schema({"signing": {"standard": kind}})["$defs"]["any_signing"]
    assert union["properties"]["type"]["enum"] == ["standard"]


def test_each_call_gives_a_schema_of_its_own():
    load_schema("config")["$defs"].clear()
    assert load_schema("config")["$defs"]
    with pytest.raises(FileNotFoundError):
        load_schema("none")
