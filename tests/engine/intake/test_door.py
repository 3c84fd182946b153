"""The door: four forms of an event are taken, everything else is refused with its place."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookwright.engine.intake.door import (
    BATCH_LIMIT,
    BATCHED,
    EVENT_LIMIT,
    PLAIN,
    STRUCTURED,
    Defaults,
    read_events,
)
from hookwright.engine.intake.rejected import Rejected

DEFAULTS = Defaults(source="/hookwright/nod_test", event_id=lambda index: f"evt_{index}")


def read(body, content_type=PLAIN, headers=None):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_events(raw, content_type, headers or {}, DEFAULTS)


def test_the_plain_form_gets_an_id_and_a_source():
    (event,) = read({"type": "Lead_Post_Create", "data": {"a": 1}}).events
    assert (event.id, event.source, event.type) == ("evt_0", "/hookwright/nod_test", "Lead_Post_Create")
    assert event.data == {"a": 1}


def test_data_is_kept_byte_for_byte():
    raw = b'{ "type": "t", "data" :  {"a" : 1.0,\n  "b":"\\u00e9\xc3\xa9"} }'
    (event,) = read(raw).events
    assert event.raw == b'{"a" : 1.0,\n  "b":"\\u00e9\xc3\xa9"}'
    assert event.data == {"a": 1.0, "b": "éé"}


def test_a_structured_cloudevent_keeps_its_attributes():
    body = {
        "specversion": "1.0",
        "id": "1",
        "source": "/crm",
        "type": "t",
        "time": "2026-11-23T21:04:02Z",
        "subject": "lead/7",
        "traceparent": "00-ab",
        "count": 3,
        "datacontenttype": "application/json",
        "data": [1],
    }
    (event,) = read(body, STRUCTURED + "; charset=UTF-8").events
    assert (event.id, event.source, event.time, event.subject) == (
        "1",
        "/crm",
        "2026-11-23T21:04:02Z",
        "lead/7",
    )
    assert event.extensions == (("count", 3), ("traceparent", "00-ab"))


def test_binary_mode_takes_attributes_from_headers_and_the_body_as_data():
    headers = {
        "ce-id": "1",
        "ce-source": "/crm",
        "ce-type": "t",
        "ce-subject": "Euro%20%E2%82%AC",
        "host": "x",
    }
    (event,) = read(b'{"a": 1}\n', PLAIN, headers).events
    assert (event.type, event.subject, event.raw) == ("t", "Euro €", b'{"a": 1}')


@pytest.mark.parametrize("content_type", [PLAIN, BATCHED])
def test_an_array_is_a_batch(content_type):
    incoming = read([{"type": "a"}, {"type": "b", "id": "7"}], content_type)
    assert incoming.batch
    assert [(event.type, event.id, event.raw) for event in incoming.events] == [
        ("a", "evt_0", b"null"),
        ("b", "7", b"null"),
    ]


@pytest.mark.parametrize(
    ("body", "content_type", "status", "detail", "pointer"),
    [
        (b'{"type": "t", "data": NaN}', PLAIN, 400, "expected a JSON value, found 'NaN}'", "/data"),
        (b'{"type": "t", "type": "u"}', PLAIN, 400, "duplicate key 'type'", "/type"),
        (b'"x"', PLAIN, 400, "the body must be an object or an array", None),
        (b"[1]", PLAIN, 400, "every item of the array must be an object", None),
        (b"[]", PLAIN, 400, "the array holds no event", ""),
        (b"{}", PLAIN, 400, "type: missing", "/type"),
        ({"type": 5}, PLAIN, 400, "type: must be a string", "/type"),
        ({"type": ""}, PLAIN, 400, "type: must be a string that is not empty", "/type"),
        ({"type": "a\nb"}, PLAIN, 400, "type: holds a control character", "/type"),
        ([{"type": "t"}, {"type": "x" * 300}], PLAIN, 400, "type: 300 characters; at most 256", "/1/type"),
        ({"type": "t", "id": 7}, PLAIN, 400, "id: must be a string", "/id"),
        ({"type": "t", "time": "yesterday"}, PLAIN, 400, "time: not an RFC 3339 time", "/time"),
        (
            {"type": "t", "specversion": "0.3"},
            PLAIN,
            400,
            "specversion: only CloudEvents 1.0",
            "/specversion",
        ),
        ({"type": "t", "Data": {}}, PLAIN, 400, "Data: not a known field", "/Data"),
        ({"type": "t", "payload": {}}, PLAIN, 400, "payload: an extension is a string", "/payload"),
        ({"type": "t", "data_base64": "eA=="}, PLAIN, 400, "data_base64: only JSON data", "/data_base64"),
        ({"type": "t", "data": "x" * EVENT_LIMIT}, PLAIN, 413, "the limit is 262144 an event", ""),
        ([{"type": "t"}] * (BATCH_LIMIT + 1), PLAIN, 413, "1001 events in one request", None),
        ([{"type": "t"}], STRUCTURED, 400, "carries one event", None),
        ({"type": "t"}, BATCHED, 400, "carries a JSON array", None),
        ({"type": "t"}, "text/plain", 415, "not 'text/plain'", None),
        ({"type": "t"}, "", 415, "not 'nothing'", None),
        ({"type": "t"}, PLAIN + "; charset=latin-1", 415, "in UTF-8", None),
    ],
)
def test_what_is_not_an_event_is_refused_with_its_place(body, content_type, status, detail, pointer):
    with pytest.raises(Rejected) as caught:
        read(body, content_type)
    assert caught.value.status == status
    assert detail in caught.value.detail
    assert caught.value.pointer == pointer


def test_a_bad_binary_mode_header_is_named():
    with pytest.raises(Rejected) as caught:
        read(b"{}", PLAIN, {"ce-type": "t", "ce-id": "%C0%A0"})
    assert (caught.value.status, caught.value.header) == (400, "ce-id")


@given(st.binary(max_size=80), st.sampled_from([PLAIN, STRUCTURED, BATCHED]))
def test_any_bytes_are_read_or_rejected(body, content_type):
    try:
        incoming = read(body, content_type)
    except Rejected as rejected:
        assert rejected.status in {400, 413, 415}
    else:
        assert incoming.events


ATTRIBUTE = st.text(max_size=6) | st.none() | st.integers(0, 1) | st.sampled_from(["a" * 257, "é" * 1025])
TIMES = st.sampled_from(["2026-11-23T21:04:02Z", "2026-11-23 21:04:02Z", "2026-11-23T21:04:02", "now", ""])
ATTRIBUTES = st.fixed_dictionaries(
    {"type": st.just("t") | ATTRIBUTE},
    optional={
        "id": ATTRIBUTE,
        "source": ATTRIBUTE,
        "subject": ATTRIBUTE,
        "time": TIMES,
        "specversion": st.sampled_from(["1.0", "0.3", 1]),
        "datacontenttype": st.sampled_from([PLAIN, "text/xml", None]),
        "data": st.none() | st.text(max_size=4) | st.just({"a": [1.0, {}]}),
    },
)


@given(st.lists(ATTRIBUTES, max_size=3) | ATTRIBUTES)
def test_what_is_read_in_one_go_is_what_a_closer_look_reads(body):
    """Nobody looks at `dataschema`, but an event that has it is looked at closely."""

    def outcome(found):
        try:
            return read(found)
        except Rejected as rejected:
            return rejected.status, rejected.title, rejected.detail, rejected.pointer, rejected.position

    looked_at = [{**each, "dataschema": "x"} for each in body] if isinstance(body, list) else None
    assert outcome(body) == outcome({**body, "dataschema": "x"} if looked_at is None else looked_at)
