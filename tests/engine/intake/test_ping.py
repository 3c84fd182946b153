"""What a ping sends: the first type a subscriber selects, with data as such an event has it."""

from __future__ import annotations

import json

import pytest

from hookwright.engine.intake.ping import sample_of
from hookwright.engine.intake.rejected import Rejected
from hookwright.rules.model import EntityType, Subscriber
from hookwright.schemas.catalogue import load_catalogue
from hookwright.schemas.dataschema import DataSchema
from hookwright.schemas.problem import Place

EXAMPLES = {"required": ["Id"], "examples": [{"Name": "x"}, {"Id": "ü"}]}


def sample(*events, schemas=None):
    one = Subscriber(EntityType.WEBHOOK, "a", events, (), Place("a.yaml", 1, 1))
    kind, data = sample_of(one, {name: DataSchema(each) for name, each in (schemas or {}).items()})
    return kind, json.loads(data)


def test_a_type_of_the_catalogue_comes_with_its_sample():
    catalogued = load_catalogue().by_type["Lead_Post_Create"].sample
    assert sample("Lead_Post_Create", "com.example.own") == ("Lead_Post_Create", catalogued)
    assert sample("Lead_Post_Create", schemas={"Lead_Post_Create": {"type": "object"}})[1] == catalogued


def test_a_type_with_a_schema_comes_with_an_example_that_fits():
    assert sample("com.example.own", schemas={"com.example.own": EXAMPLES})[1] == {"Id": "ü"}
    assert sample("Lead_Post_Create", schemas={"Lead_Post_Create": EXAMPLES})[1] == {"Id": "ü"}


def test_any_other_comes_with_no_data():
    assert sample("com.example.own") == ("com.example.own", {})


def test_who_selects_nothing_has_nothing_to_be_pinged_with():
    with pytest.raises(Rejected):
        sample()
