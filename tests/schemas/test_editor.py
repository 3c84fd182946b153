import copy
import json
from pathlib import Path

import jsonschema_rs
import pytest
from jsonschema import Draft202012Validator

from hookwright.schemas.catalogue import load_catalogue
from hookwright.schemas.document import parse
from hookwright.schemas.editor import editor_schema
from hookwright.schemas.schema import NOT_YET, config_schema

ENCODERS = {"form": ("application/x-www-form-urlencoded",), "json": ("application/json",)}
TESTS = Path(__file__).parent.parent
FILES = sorted([*TESTS.glob("*/cases/*/*.yaml"), *TESTS.parent.glob("*.example.yaml")])


@pytest.fixture(scope="module")
def configuration(fragments):
    return config_schema(fragments)


@pytest.fixture(scope="module")
def editor(configuration):
    return editor_schema(configuration, ENCODERS)


def test_it_is_a_schema_and_leaves_the_one_it_is_made_of_alone(configuration):
    before = copy.deepcopy(configuration)
    made = editor_schema(configuration, ENCODERS)
    assert configuration == before
    Draft202012Validator.check_schema(made)
    json.dumps(made)


def test_it_takes_and_refuses_the_same_files(configuration, editor):
    one, other = (jsonschema_rs.Draft202012Validator(each, offline=True) for each in (configuration, editor))
    taken = {True: 0, False: 0}
    for file in FILES:
        document = parse(file.read_bytes(), name=file.name).document
        if document is not None:
            answer = one.is_valid(document.value)
            assert other.is_valid(document.value) is answer, file
            taken[answer] += 1
    assert min(taken.values()) > 50


def test_it_fetches_nothing_and_every_reference_leads_somewhere(editor):
    text = json.dumps(editor)
    assert '"$ref": "http' not in text
    jsonschema_rs.Draft202012Validator(editor, offline=True)


def test_every_event_of_the_catalogue_is_offered_alone_and_in_a_list(editor):
    one, several = editor["$defs"]["subscriber"]["properties"]["event"]["anyOf"]
    for part in (one, several["items"]):
        offered = {each["body"]: each["description"] for each in part["defaultSnippets"]}
        assert offered["Lead_Post_Create"] == "Lead Creation (LeadSquared)"
        assert set(offered) == set(load_catalogue().by_type)
        assert "examples" not in part


def test_the_types_a_bundle_declares_itself_are_not_made_of_the_catalogue(editor):
    assert "defaultSnippets" not in editor["$defs"]["event"]["properties"]["type"]


def test_encoders_and_their_content_types_are_offered(editor):
    for place in (editor["$defs"]["target"], editor["$defs"]["action"]["properties"]["post"]):
        assert place["properties"]["encoder"]["examples"] == ["form", "json"]
        assert place["properties"]["content_type"]["examples"] == sorted(ENCODERS["json"] + ENCODERS["form"])


def test_what_is_not_supported_yet_is_never_offered_but_explained(fragments):
    schema = config_schema(fragments)
    schema["$defs"]["subscriber"]["properties"]["delay"][NOT_YET] = True
    schema["$defs"]["target"]["properties"]["method"][NOT_YET] = {"enum": ["PATCH"]}
    made = editor_schema(schema, ENCODERS)
    for kind in ("subscriber", "webhook", "rule"):
        delay = made["$defs"][kind]["properties"]["delay"]
        assert delay["doNotSuggest"] is True
        assert "Not supported yet" in delay["deprecationMessage"]
        assert delay["type"] == "string"  # its form is checked all the same
    method = made["$defs"]["target"]["properties"]["method"]
    said = dict(zip(method["enum"], method["enumDescriptions"], strict=True))
    assert "Not supported yet" in said["PATCH"]
    assert said["POST"] == ""


def test_an_example_that_is_a_mapping_becomes_a_snippet_with_a_stop_for_each_text(fragments):
    token = {"$ref": "#/$defs/secret", "description": "Where it stands.", "examples": [{"env": "ERP_KEY"}]}
    bearer = {**fragments["auth"]["bearer"], "properties": {"token": token}}
    schema = config_schema({**fragments, "auth": {"bearer": bearer}})
    token = editor_schema(schema, ENCODERS)["$defs"]["auth"]["bearer"]["properties"]["token"]
    bodies = [each["body"] for each in token["defaultSnippets"]]
    assert bodies == [{"env": "${1:ERP_KEY}"}, {"file": "${1:erp-token}"}]
    assert token["defaultSnippets"][0]["label"] == "{env: ERP_KEY}"
    assert token["markdownDescription"].startswith("Where it stands.\n\n```yaml\nenv: ERP_KEY\n```")
    assert "$ref" not in token


def test_letters_with_a_meaning_in_snippets_are_escaped():
    schema = config_schema()
    schema["properties"]["bundle"] = {"examples": [{"body": "{{ data.x }} costs 3$"}], "description": "It."}
    (snippet,) = editor_schema(schema, ENCODERS)["properties"]["bundle"]["defaultSnippets"]
    assert snippet["body"] == {"body": r"${1:{{ data.x \}\} costs 3\$}"}


def test_one_or_several_is_a_choice_that_begins_with_one(editor):
    success = editor["$defs"]["target"]["properties"]["success"]["anyOf"]
    assert [each["type"] for each in success] == [["integer", "string"], "array"]
    assert [each["examples"] for each in success] == [["2xx"], [[200]]]


def test_long_examples_are_named_by_their_beginning(editor):
    labels = [each["label"] for each in editor["properties"]["webhooks"]["defaultSnippets"]]
    assert labels
    assert all(len(label) <= 60 for label in labels)
