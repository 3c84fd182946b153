"""Events whose data does not fit their type's schema: refused whole, with every place, whatever the form."""

from __future__ import annotations

import json

import pytest

from hookwright.engine.intake.door import BATCHED, PLAIN, STRUCTURED, Defaults, read_events
from hookwright.engine.intake.fitting import EXPLAINED, MOST_TOLD, check_events
from hookwright.engine.intake.rejected import Rejected
from hookwright.rules.compile import compile_table
from hookwright.rules.model import Model

COLD = "com.example.lead.cold"
SCHEMA = {
    "type": "object",
    "properties": {"Score": {"type": "integer"}, "a/b~c": {"items": {"type": "string"}}},
    "required": ["ProspectID"],
}
GOOD = {"type": COLD, "data": {"ProspectID": "p"}}
BAD = {"type": COLD, "data": {"Score": "71"}}
FREE = {"type": "free", "data": {"Score": "71"}}
TABLE = compile_table(
    Model("b", "leadsquared", "sha256:r", (), frozenset({COLD, "free"}), event_schemas={COLD: SCHEMA})
)


def check(body, content_type=PLAIN, headers=None):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    defaults = Defaults(source="/tests", event_id=lambda index: f"evt_{index}")
    check_events(read_events(raw, content_type, headers or {}, defaults), TABLE)


def refused(body, content_type=PLAIN, headers=None):
    with pytest.raises(Rejected) as caught:
        check(body, content_type, headers)
    assert caught.value.status == 422
    return caught.value


def told(rejected):
    return [(each.pointer, each.message) for each in rejected.problems]


def test_what_fits_and_what_has_no_schema_come_in():
    check(GOOD)
    check([GOOD, FREE, GOOD])


def test_every_mistake_of_an_event_is_told_with_its_place_in_the_body():
    rejected = refused(BAD)
    assert rejected.title == "Data does not fit"
    assert sorted(told(rejected)) == [
        ("/data", f'{COLD}: missing field "ProspectID"'),
        ("/data/Score", f'{COLD}: "Score" must be an integer, not "71"'),
    ]
    assert rejected.pointer == rejected.problems[0].pointer
    assert rejected.detail == f"{rejected.problems[0].message} (and 1 more)"


def test_a_name_is_escaped_in_a_pointer():
    rejected = refused({"type": COLD, "data": {"ProspectID": "p", "a/b~c": ["x", 5]}})
    assert rejected.pointer == "/data/a~1b~0c/1"


@pytest.mark.parametrize("content_type", [PLAIN, BATCHED])
def test_the_events_of_a_batch_are_told_by_their_numbers(content_type):
    event = {"specversion": "1.0", "id": "1", "source": "/s", **GOOD}
    bad = {**event, "id": "2", "data": {"ProspectID": "p", "Score": 1.5}}
    rejected = refused([event, bad, {**bad, "id": "3"}], content_type)
    assert [each.pointer for each in rejected.problems] == ["/1/data/Score", "/2/data/Score"]


def test_a_structured_event_is_told_as_it_stands():
    event = {"specversion": "1.0", "id": "1", "source": "/s", **BAD}
    assert {each.pointer for each in refused(event, STRUCTURED).problems} == {"/data", "/data/Score"}


def test_in_binary_mode_the_body_is_the_data():
    rejected = refused(b'{"Score": true}', headers={"ce-type": COLD, "ce-id": "1", "ce-source": "/s"})
    assert {each.pointer for each in rejected.problems} == {"", "/Score"}


@pytest.mark.parametrize("body", [{"type": COLD}, {"type": COLD, "data": None}])
def test_no_data_is_null(body):
    assert told(refused(body)) == [("/data", f"{COLD}: the data must be an object, not null")]


def test_an_undeclared_type_is_told_before_what_does_not_fit():
    assert refused([BAD, {"type": "com.example.lead.cool"}]).pointer == "/1/type"


def test_of_very_many_mistakes_the_first_ones_are_told():
    wrong = {"type": COLD, "data": {"ProspectID": "p", "a/b~c": list(range(100))}}
    rejected = refused(wrong)
    assert len(rejected.problems) == MOST_TOLD
    assert rejected.detail.endswith(" (and more)")
    many = refused([BAD] * 1000)
    assert len(many.problems) == MOST_TOLD


def test_a_large_event_is_told_its_first_mistake_so_that_nobody_makes_the_door_explain_for_long():
    numbers = list(range(EXPLAINED))
    large = {"type": COLD, "data": {"ProspectID": "p", "a/b~c": numbers}}
    rejected = refused([GOOD, large, large])
    assert [each.pointer for each in rejected.problems] == ["/1/data/a~1b~0c/0"]
    assert rejected.detail.endswith('"a/b~c[0]" must be a string, not 0')
