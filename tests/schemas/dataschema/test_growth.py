"""A schema that could keep the door busy for ever is refused; one that only looks like it is not."""

from __future__ import annotations

import pytest

from hookwright.schemas.dataschema import DataSchema, schema_faults
from hookwright.schemas.dataschema.checks import MOST_PARTS
from hookwright.schemas.dataschema.growth import LEVELS, LONGEST_CHAIN

NODE = {"$ref": "#/$defs/node"}


def errors(schema):
    return [(fault.code, fault.path) for fault in schema_faults(schema) if fault.severity == "error"]


def nested(levels, wrap):
    value = 1
    for _ in range(levels):
        value = wrap(value)
    return value


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ({"$ref": "#"}, ()),
        ({"not": {"$ref": "#"}}, ()),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
         ("$defs",)),
        ({"$defs": {"unused": {"anyOf": [True, {"$ref": "#/$defs/unused"}]}}}, ("$defs", "unused")),
    ],
)  # fmt: skip
def test_a_reference_that_leads_back_without_going_into_the_data_is_found_where_it_stands(schema, path):
    ((code, found),) = errors(schema)
    assert code == "HW142"
    assert found[: len(path)] == path


def test_a_long_chain_of_references_is_refused_and_one_of_the_length_allowed_holds_the_deepest_data():
    def chain(length):
        links = {f"s{number}": {"$ref": f"#/$defs/s{number + 1}"} for number in range(length)}
        return {"$ref": "#/$defs/s0", "$defs": {**links, f"s{length}": {"items": {"$ref": "#/$defs/s0"}}}}

    assert [code for code, _ in errors(chain(LONGEST_CHAIN))] == ["HW142"]
    longest = chain(LONGEST_CHAIN - 2)
    assert errors(longest) == []
    deep = nested(LEVELS, lambda value: [value])
    assert DataSchema(longest).fits(deep)
    assert DataSchema(longest).misfits(deep) == []


@pytest.mark.parametrize(
    "node",
    [
        {"items": NODE, "allOf": [{"items": NODE, "maxItems": 2}]},
        {"items": NODE, "if": True, "then": {"items": NODE}},
        {"allOf": [{"properties": {"a": NODE}}, {"additionalProperties": NODE}]},
        {"properties": {"a": NODE}, "patternProperties": {"^a": NODE}},
        {"allOf": [{"prefixItems": [NODE]}, {"prefixItems": [NODE]}]},
    ],
)
def test_schemas_that_take_the_same_way_into_the_data_multiply(node):
    assert errors({"$ref": "#/$defs/node", "$defs": {"node": node}}) == [("HW142", ())]


@pytest.mark.parametrize(
    "node",
    [
        {"properties": {"left": NODE, "right": NODE}},
        {"items": NODE, "contains": NODE, "not": {"items": NODE}},
        {"type": "array", "anyOf": [{"items": NODE}, {"items": NODE, "maxItems": 2}]},
        {"oneOf": [{"properties": {"a": NODE}}, {"additionalProperties": NODE}]},
        {"type": ["array", "object", "string"], "items": NODE, "additionalProperties": NODE},
        {"anyOf": [{"type": "object", "additionalProperties": NODE}, {"type": "array", "items": NODE}]},
        {"anyOf": [
            {"properties": {"and": {"items": NODE}}, "required": ["and"]},
            {"properties": {"or": {"items": NODE}}, "required": ["or"]},
            {"properties": {"field": {"type": "string"}}, "required": ["field"]},
        ]},
    ],
)  # fmt: skip
def test_trees_branches_and_conditions_of_conditions_do_not_and_are_explained_however_deep(node):
    schema = {"$ref": "#/$defs/node", "$defs": {"node": node}}
    assert errors(schema) == []
    compiled = DataSchema(schema)
    for deep in (nested(LEVELS // 2 - 1, lambda value: {"and": [value]}), nested(60, lambda value: [value])):
        assert bool(compiled.misfits(deep)) is not compiled.fits(deep)


@pytest.mark.parametrize("keyword", ["allOf", "anyOf"])
def test_references_that_double_on_the_way_to_one_value_are_refused_before_they_are_very_many(keyword):
    """Each way tells its own mistake, with a copy of the data: 16,384 of them filled the memory."""
    links = {f"s{each}": {keyword: [{"$ref": f"#/$defs/s{each + 1}"}] * 2} for each in range(14)}
    assert errors({"$ref": "#/$defs/s0", "$defs": {**links, "s14": {"type": "string"}}}) == [("HW142", ())]


def test_a_name_at_the_very_top_of_a_schema_can_be_referred_to():
    schema = {"$anchor": "node", "properties": {"next": {"$ref": "#node"}}, "required": ["id"]}
    assert errors(schema) == []
    assert [each.path for each in DataSchema(schema).misfits({"id": 1, "next": {}})] == [("next",)]


def test_a_schema_of_very_many_parts_is_refused():
    assert errors({"properties": {f"f{number}": True for number in range(MOST_PARTS)}}) == [("HW142", ())]
    assert errors({"properties": {f"f{number}": True for number in range(500)}}) == []


def test_a_long_list_that_fits_no_branch_is_explained_without_looking_at_every_item_of_every_branch():
    compiled = DataSchema({"anyOf": [{"items": {"type": "string"}}, {"items": {"type": "null"}}]})
    first, *_ = compiled.misfits([1] * 130_000, thorough=False)
    assert first.message == "the data fits none of the 2 forms it may have"
