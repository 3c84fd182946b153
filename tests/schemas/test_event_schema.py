from __future__ import annotations

import jsonschema_rs
import pytest

from hookwright.schemas.schema import load_schema

VALIDATOR = jsonschema_rs.Draft202012Validator(load_schema("event"), offline=True)
SMALLEST = {"type": "Lead_Post_Create"}


@pytest.mark.parametrize(
    "more",
    [
        {}, {"data": None}, {"data": [1, "a", {}]}, {"specversion": "1.0", "id": "1", "source": "/crm"},
        {"time": "2026-11-23T21:04:02Z"}, {"time": "2026-11-23T21:04:02.123456+05:30"}, {"subject": "lead/1"},
        {"datacontenttype": "application/json"}, {"traceparent": "00-0af7"}, {"retries": 3}, {"hot": True},
    ],
)  # fmt: skip
def test_events_the_door_takes(more):
    assert VALIDATOR.is_valid({**SMALLEST, **more})


@pytest.mark.parametrize(
    "event",
    [
        {}, [], "Lead_Post_Create", {"type": ""}, {"type": 5}, {**SMALLEST, "specversion": "0.3"},
        {**SMALLEST, "time": "2026-11-23"}, {**SMALLEST, "time": "2026-11-23T21:04:02"},
        {**SMALLEST, "id": ""},
        {**SMALLEST, "datacontenttype": "text/xml"}, {**SMALLEST, "data_base64": "aGk="},
        {**SMALLEST, "Hot": 1},
        {**SMALLEST, "extension": {"a": 1}}, {**SMALLEST, "id": "a\nb"}, {**SMALLEST, "type": "x" * 257},
    ],
)  # fmt: skip
def test_what_is_no_event(event):
    assert not VALIDATOR.is_valid(event)
