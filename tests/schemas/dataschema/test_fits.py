"""A schema says yes and no as the reference validator does, and explains every no and only a no."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from hookwright.schemas.dataschema import DataSchema, schema_faults
from hookwright.schemas.dataschema.compiled import Uncompilable
from hookwright.schemas.dataschema.keywords import FORMATS, KEYWORDS, TYPES

names = st.sampled_from(["a", "b", "c"])
numbers = st.integers(-3, 3) | st.sampled_from([0.5, 1.0, 2**64, 2**64 + 1, -(10**40)])
scalars = st.none() | st.booleans() | numbers | names
data = st.recursive(
    scalars, lambda each: st.lists(each, max_size=3) | st.dictionaries(names, each, max_size=3)
)
counts = st.integers(0, 3)


def keywords(schemas):
    listed, named = st.lists(schemas, min_size=1, max_size=2), st.dictionaries(names, schemas, max_size=2)
    return st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(TYPES)
            | st.lists(st.sampled_from(TYPES), min_size=1, max_size=2, unique=True),
            "enum": st.lists(data, max_size=3),
            "const": data,
            "minimum": numbers,
            "maxItems": counts,
            "minLength": counts,
            "maxProperties": counts,
            "required": st.lists(names, max_size=2, unique=True),
            "dependentRequired": st.dictionaries(names, st.lists(names, max_size=2, unique=True), max_size=1),
            "properties": named,
            "patternProperties": st.dictionaries(st.just("^[ab]"), schemas, max_size=1),
            "additionalProperties": schemas,
            "propertyNames": schemas,
            "items": schemas,
            "prefixItems": listed,
            "contains": schemas,
            "uniqueItems": st.booleans(),
            "unevaluatedProperties": schemas,
            "anyOf": listed,
            "oneOf": listed,
            "not": schemas,
            "$ref": st.sampled_from(["#", "#/$defs/a", "#/anyOf/0", "#/properties/a"]),
            "if": schemas,
            "then": schemas,
        },
    )


schemas = st.recursive(st.booleans(), keywords, max_leaves=6)
wholes = st.builds(lambda one, other: {"$defs": {"a": other}, **one}, keywords(schemas), schemas)
anything = st.recursive(
    scalars | st.sampled_from(["#", "#/$defs/a", "https://example.com", "(", "(?=a)", "date", "object"]),
    lambda each: (
        st.lists(each, max_size=3)
        | st.dictionaries(st.sampled_from([*KEYWORDS, "nullable"]) | names, each, max_size=4)
    ),
    max_leaves=12,
)


RARE = (HealthCheck.filter_too_much, HealthCheck.too_slow)  # many a reference leads nowhere, or back


@settings(max_examples=40, suppress_health_check=RARE)
@given(wholes, data)
def test_it_agrees_with_the_reference_validator_and_explains_every_no(schema, value):
    agrees(schema, value)


@pytest.mark.slow
@settings(max_examples=4000, suppress_health_check=RARE)
@given(wholes, data)
def test_it_agrees_on_very_many(schema, value):
    agrees(schema, value)


def agrees(schema, value):
    assume(not [fault for fault in schema_faults(schema) if fault.severity == "error"])
    compiled = DataSchema(schema)
    fits = compiled.fits(value)
    assert fits is Draft202012Validator(schema).is_valid(value)
    assert bool(compiled.misfits(value)) is not fits
    assert len(compiled.misfits(value, thorough=False)) == (not fits)


@given(anything, data)
def test_any_json_is_a_schema_that_compiles_or_one_with_faults(schema, value):
    faults = [fault for fault in schema_faults(schema) if fault.severity == "error"]
    if faults:
        return
    compiled = DataSchema(schema)
    assert bool(compiled.misfits(value)) is not compiled.fits(value)


GOOD = {
    "date": "2026-11-23",
    "date-time": "2026-11-23T21:04:02Z",
    "duration": "P3D",
    "email": "ops@example.com",
    "hostname": "example.com",
    "idn-email": "ops@example.com",
    "idn-hostname": "bücher.example",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "iri": "https://bücher.example/",
    "iri-reference": "/ü",
    "json-pointer": "/a/0",
    "regex": "^a+$",
    "relative-json-pointer": "1/a",
    "time": "21:04:02Z",
    "uri": "https://example.com/",
    "uri-reference": "/a",
    "uri-template": "https://example.com/{id}",
    "uuid": "0198c7a2-6cf0-7f0e-b0c0-0d6f3b6a1b11",
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_held_against_texts_and_nothing_else(name):
    compiled = DataSchema({"format": name})
    assert compiled.fits(GOOD[name])
    assert compiled.fits(5)
    (misfit,) = compiled.misfits("\x00 {(")
    assert misfit.message == f'the data must be of the format {name}, not "\\u0000 {{("'


def test_numbers_of_any_size_are_compared_exactly():
    assert not DataSchema({"maximum": 2**64}).fits(2**64 + 1)
    assert DataSchema({"const": 10**4299}).fits(10**4299)
    assert not DataSchema({"const": 1}).fits(True)
    (misfit,) = DataSchema({"type": "string"}).misfits(10**4299)
    assert len(misfit.message) < 200


def test_a_pattern_that_backtracks_elsewhere_takes_a_long_text_in_its_stride():
    compiled = DataSchema({"pattern": "^(a+)+$"})
    assert not compiled.fits("a" * 250_000 + "b")
    assert len(compiled.misfits("a" * 250_000 + "b")[0].message) < 200


def test_of_its_examples_those_that_fit_are_samples():
    assert DataSchema({"type": "integer", "examples": ["a", 1, 2]}).examples() == [1, 2]
    assert DataSchema({"type": "integer"}).examples() == DataSchema(True).examples() == []


def test_what_cannot_be_compiled_says_where():
    with pytest.raises(Uncompilable) as caught:
        DataSchema({"properties": {"a": {"minimum": "5"}}})
    assert caught.value.path == ("properties", "a", "minimum")
    with pytest.raises(Uncompilable):
        DataSchema({"$ref": "https://example.com/a.json"})
