"""What does not fit is told in a sentence, with the way to it and the nearest right word."""

from __future__ import annotations

import pytest

from hookwright.schemas.dataschema import DataSchema, Misfit
from hookwright.schemas.dataschema.compiled import MOST_TOLD

FORMS = {"anyOf": [{"type": "string"}, {"type": "object", "required": ["kind"]}]}
SHAPES = {"oneOf": [{"required": ["a", "b"]}, {"required": ["c"]}]}
CLOSED = {"properties": {"Score": True}, "additionalProperties": False}


@pytest.mark.parametrize(
    ("schema", "value", "path", "message"),
    [
        ({"type": "number"}, "5", "", 'must be a number, not "5"'),
        ({"type": ["string", "null"]}, [1], "", "must be a string or null, not an array"),
        ({"const": "a"}, "b", "", 'must be "a", not "b"'),
        ({"const": ["a", None]}, ["b"], "", 'must be ["a", null], not an array'),
        ({"enum": [{"a": 1}, {"b": 2}]}, {}, "", 'must be one of {"a": 1}, {"b": 2}, not an object'),
        ({"enum": ["Won", 3]}, "won", "", 'must be one of "Won", 3, not "won" (did you mean "Won"?)'),
        ({"minimum": 3}, 1, "", "must be at least 3, not 1"),
        ({"maximum": 3}, 4.5, "", "must be at most 3, not 4.5"),
        ({"exclusiveMinimum": 3}, 3, "", "must be more than 3, not 3"),
        ({"exclusiveMaximum": 3}, 3, "", "must be less than 3, not 3"),
        ({"multipleOf": 0.5}, 0.7, "", "must be a multiple of 0.5, not 0.7"),
        ({"minLength": 2}, "ü", "", "must have at least 2 characters, not 1"),
        ({"maxLength": 2}, "üüü", "", "must have at most 2 characters, not 3"),
        ({"minItems": 1}, [], "", "must have at least 1 items, not 0"),
        ({"maxItems": 1}, [1, 2], "", "must have at most 1 items, not 2"),
        ({"minProperties": 1}, {}, "", "must have at least 1 fields, not 0"),
        ({"maxProperties": 0}, {"a": 1}, "", "must have at most 0 fields, not 1"),
        ({"pattern": "^a$"}, "b", "", 'must be as the pattern ^a$ has it, not "b"'),
        ({"uniqueItems": True}, [1, 1], "", "holds an item twice"),
        ({"contains": {"const": 1}}, [2], "", "does not hold the items it must hold"),
        ({"not": {"const": 1}}, 1, "", "is as it must not be"),
        (False, 1, "", "must not be there"),
        ({"prefixItems": [True], "unevaluatedItems": False}, [1, 2], "", "holds more items than it may"),
        ({"items": {"type": "integer"}}, [1, "x"], "/1", 'must be an integer, not "x"'),
        (FORMS, 5, "", "must be an object or a string, not 5"),
        ({"oneOf": [True, True]}, 5, "", "fits more than one of the forms of which it may have one"),
    ],
)  # fmt: skip
def test_a_field_is_told_what_it_must_be(schema, value, path, message):
    (misfit,) = DataSchema({"properties": {"f": schema}}).misfits({"f": value})
    assert "".join(f"/{step}" for step in misfit.path) == f"/f{path}"
    assert misfit.message == f'"f{"[1]" if path else ""}" {message}'


@pytest.mark.parametrize(
    ("schema", "value", "misfits"),
    [
        ({"required": ["Score"]}, {"score": 1}, [((), 'missing field "Score" (did you mean "score"?)')]),
        ({"items": {"required": ["a"]}}, [{}], [((0,), 'missing field "a" in "[0]"')]),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, [((), 'missing field "b"')]),
        ({"additionalProperties": False}, {"a": 1}, [((), "the data may have no fields")]),
        (CLOSED, {"score": 1, "x": 2}, [
            (("score",), 'unknown field "score" (did you mean "Score"?)'), (("x",), 'unknown field "x"'),
        ]),
        ({"$defs": {"c": CLOSED}, "properties": {"p": {"$ref": "#/$defs/c"}}}, {"p": {"Scor": 1}},
         [(("p", "Scor"), 'unknown field "Scor" (did you mean "Score"?)')]),
        ({"unevaluatedProperties": False, **SHAPES}, {"c": 1, "d": 1}, [
            (("c",), 'unknown field "c"'), (("d",), 'unknown field "d"'),
        ]),
        ({"propertyNames": {"maxLength": 2}}, {"abc": 1},
         [(("abc",), 'the name of the field "abc" must have at most 2 characters, not 3')]),
        (FORMS, {"Kind": 1}, [((), 'missing field "kind" (did you mean "Kind"?)')]),
        (SHAPES, {"a": 1},
         [((), "the data fits none of the 2 forms it may have"), ((), 'missing field "b"')]),
    ],
)  # fmt: skip
def test_an_object_is_told_of_its_fields(schema, value, misfits):
    assert DataSchema(schema).misfits(value) == [Misfit(*each) for each in misfits]


def test_of_very_many_misfits_some_are_told_and_none_at_length():
    compiled = DataSchema({"items": {"type": "string"}})
    assert len(compiled.misfits(list(range(1000)))) == MOST_TOLD
    closed = DataSchema({**CLOSED, "required": ["x" * 500]})
    told = closed.misfits({f"{number}" * 300: number for number in range(1000)})
    assert len(told) == MOST_TOLD
    assert all(len(each.message) < 200 for each in told)
    wide = DataSchema({"enum": [f"value {number}" for number in range(1000)]})
    assert len(wide.misfits("y" * 1000)[0].message) < 500
