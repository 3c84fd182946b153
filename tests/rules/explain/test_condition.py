"""What an explanation says of an `if`: the verdict, and the value of every field that it names."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hookwright.rules.event import Event
from hookwright.rules.explain import Clause
from hookwright.rules.explain.condition import explain_condition
from hookwright.rules.expression import Expression
from hookwright.schemas.problem import Place

DATA = {"A": 1, "B": {"C": "x"}, "Items": [{"Sku": "A1"}, {"Sku": "B2"}], "a b": True}


def explained(text: str | bool) -> Clause:
    asked = text if isinstance(text, bool) else Expression.parse(text)
    event = Event("evt_1", "/crm", "t", DATA, json.dumps(DATA).encode())
    return explain_condition(asked, event, Place("a.yaml", 3, 9))


def values(clause: Clause) -> dict[str, Any]:
    return {each.path: each.value for each in clause.found}


@pytest.mark.parametrize(
    ("text", "holds", "found"),
    [
        ("data.A == 1", True, {"data.A": 1}),
        ("data.A > 1 or data.B.C == 'y'", False, {"data.A": 1, "data.B.C": "x"}),
        ("data.Items[1].Sku == 'A1'", False, {"data.Items[1].Sku": "B2"}),
        ("data.Items[-1].Sku == 'B2'", True, {"data.Items[-1].Sku": "B2"}),
        ("data['a b'] and event.source == '/crm'", True, {'data["a b"]': True, "event.source": "/crm"}),
        ("data.B | length == 2", False, {"data.B": {"C": "x"}}),
        ("data[event.type | default('A')] is defined", False, {"data": DATA, "event.type": "t"}),
        ("data.Missing is defined", False, {}),
        ("data.A == 1 and data.A < 5", True, {"data.A": 1}),
    ],
)
def test_every_field_that_is_named_stands_there_with_its_value(
    text: str, holds: bool, found: dict[str, Any]
) -> None:
    clause = explained(text)
    assert (clause.kind, clause.holds, values(clause)) == ("if", holds, found)
    assert [each.says for each in clause.expected] == [text]
    assert clause.lack == ""


def test_an_expression_without_a_value_is_no_plain_no() -> None:
    clause = explained("data.a > 1")
    assert not clause.holds
    assert clause.lack == 'there is no field "a" (did you mean "A"?)'
    assert "recorded as a Failure" in clause.hint


def test_a_value_that_is_neither_true_nor_false_is_told() -> None:
    assert "it must be true or false" in explained("data.A").lack


@pytest.mark.parametrize("written", [True, False])
def test_a_literal_is_what_it_says(written: bool) -> None:
    clause = explained(written)
    assert (clause.holds, clause.expected[0].says) == (written, str(written).lower())


def test_a_field_that_is_named_twice_is_shown_once() -> None:
    clause = explained(" or ".join(f"data.A == {number} or data.B.C == event.id" for number in range(5)))
    assert list(values(clause)) == ["data.A", "data.B.C", "event.id"]
