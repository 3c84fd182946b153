"""The `accepted` lines: what goes in comes out, byte for byte, in lines of at most 1 MiB."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookwright.engine.delivery import Delivery
from hookwright.engine.errors import JournalError
from hookwright.engine.journal.acceptance import Accepted, AcceptedMore, accepted_entries
from hookwright.engine.journal.line import LINE_LIMIT, encode
from hookwright.engine.journal.writer import Entry, Writer
from hookwright.rules.event import Event

REVISION = "sha256:" + "0" * 64


def make_event(raw: bytes = b'{"a":1}', **fields: str) -> Event:
    return Event(id="e1", source="/here", type="Lead_Post_Create", data=None, raw=raw, **fields)


def make_delivery(name: str, body: bytes, action: str = "") -> Delivery:
    return Delivery(
        id=f"dlv_{name}",
        message=f"msg_{name}",
        entity_type="webhook",
        entity_id=name,
        action=action,
        event_id="e1",
        event_source="/here",
        event_type="Lead_Post_Create",
        node="nod_1",
        due=1_795_435_200_123,
        body=hashlib.sha256(body).hexdigest(),
        place="hooks/crm.yaml:14",
    )


def written(event: Event, deliveries: list[Delivery], bodies: dict[str, bytes]) -> list[bytes]:
    entries = accepted_entries(event, REVISION, deliveries, bodies, "f1")
    return [encode(n, 0, entry.kind, fields_of(entry)) for n, entry in enumerate(entries, start=1)]


def fields_of(entry: Entry) -> bytes:
    return entry.fields if isinstance(entry.fields, bytes) else msgspec.json.encode(entry.fields)[1:-1]


def read(line: bytes) -> Accepted:
    return msgspec.json.decode(line, type=Accepted)


@pytest.mark.parametrize(
    "raw",
    [
        b'{ "b" : 1.00, "a":"\xc3\xa9 \\u00e9", "big":123456789012345678901234567890 }',
        b'{\n  "a": 1\n}',
        b'{\r\n\t"a": [\r1]\r\n}',
        b' {"a":1} ',
        b'{"a":1}\n',
        b"null",
        b"0",
        b'"text with \\n and \xe2\x80\xa8"',
        b"",
    ],
)
def test_the_data_comes_back_byte_for_byte(raw: bytes) -> None:
    delivery = make_delivery("plain", raw, "actions/0/post")
    (line,) = written(make_event(raw, subject="s", time="2026-11-23T12:00:00Z"), [delivery], {})

    assert line.count(b"\n") == 1
    assert b"\r" not in line
    accepted = read(line)
    (planned,) = accepted.deliveries
    assert planned.body == "data"
    assert planned.content(accepted.event) == raw
    assert planned.delivery(accepted.event, "nod_1") == delivery
    assert (accepted.event.subject, accepted.event.time) == ("s", "2026-11-23T12:00:00Z")
    assert (accepted.revision, accepted.fingerprint, accepted.more) == (REVISION, "f1", False)


def test_data_on_one_line_stands_in_the_line_exactly_as_received() -> None:
    raw = b'{ "b" : 1.00, "crc":"00000000"}'
    (line,) = written(make_event(raw), [make_delivery("plain", raw)], {})

    assert b'"data":' + raw in line
    assert b"data_text" not in line


@pytest.mark.parametrize("body", [b"a=1&b=2", b"\xff\x00\xfe", b"line\nbreak\r\n", b""])
def test_a_body_of_its_own_is_kept_with_its_delivery(body: bytes) -> None:
    delivery = make_delivery("form", body)
    (line,) = written(make_event(), [delivery], {delivery.body: body})

    assert line.count(b"\n") == 1
    accepted = read(line)
    assert accepted.deliveries[0].content(accepted.event) == body
    assert accepted.deliveries[0].delivery(accepted.event, "nod_1") == delivery


@given(st.binary(max_size=300).filter(lambda body: body != b'{"a":1}'))
def test_any_body_survives(body: bytes) -> None:
    delivery = make_delivery("form", body)
    (line,) = written(make_event(), [delivery], {delivery.body: body})
    accepted = read(line)
    assert accepted.deliveries[0].content(accepted.event) == body


def test_a_large_fan_out_continues_in_lines_of_at_most_one_mebibyte() -> None:
    raw = json.dumps({"fill": "x" * 250_000}).encode()
    deliveries = [make_delivery(f"hook-{i}", raw) for i in range(12_000)]
    lines = written(make_event(raw), deliveries, {})

    assert len(lines) > 2
    assert max(map(len, lines)) <= LINE_LIMIT
    first = read(lines[0])
    rest = [msgspec.json.decode(line, type=AcceptedMore) for line in lines[1:]]
    assert first.more
    assert [each.done for each in rest] == [False] * (len(rest) - 1) + [True]
    together = [*first.deliveries, *(planned for each in rest for planned in each.deliveries)]
    assert [planned.id for planned in together] == [each.id for each in deliveries]


def test_large_bodies_spread_over_lines() -> None:
    bodies = {hashlib.sha256(body).hexdigest(): body for body in (b"%d" % i * 400_000 for i in range(5))}
    deliveries = [make_delivery(f"hook-{i}", body) for i, body in enumerate(bodies.values())]
    lines = written(make_event(), deliveries, bodies)

    assert len(lines) == 3
    assert max(map(len, lines)) <= LINE_LIMIT


def test_a_body_too_large_for_any_line_is_refused() -> None:
    body = b"x" * LINE_LIMIT
    delivery = make_delivery("huge", body)
    with pytest.raises(JournalError, match="webhook/huge"):
        accepted_entries(make_event(), REVISION, [delivery], {delivery.body: body})


def test_the_largest_event_in_the_worst_form_fits_beside_its_deliveries(tmp_path: Path) -> None:
    raw = b"[" + b"\n" * (256 * 1024 - 2) + b"]"
    writer = Writer(tmp_path / "history", "intake")
    entries = accepted_entries(make_event(raw), REVISION, [make_delivery("plain", raw)], {})
    position = writer.append_many(entries).result(10).positions[0]
    writer.close()

    accepted = read((tmp_path / "history" / position.segment).read_bytes())
    assert accepted.event.raw == raw


def test_extensions_of_the_event_and_headers_of_a_body_are_kept():
    body = b"a;b"
    delivery = msgspec.structs.replace(make_delivery("a", body), headers=(("Content-Type", "text/csv"),))
    event = make_event(extensions=(("count", 3), ("traceparent", "00-ab")))
    (line,) = written(event, [delivery], {delivery.body: body})
    found = read(line)
    assert found.event.extensions == {"count": 3, "traceparent": "00-ab"}
    assert found.deliveries[0].delivery(found.event, "nod_1") == delivery
