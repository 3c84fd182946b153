"""The door: what a sender posts, read into events or refused with the place of the fault. Pure.

Taken are CloudEvents 1.0 in structured, batched and binary mode (HTTP protocol binding, sections 3.1 to 3.3)
and the plain form `{"type": ..., "data": ...}`, one or a JSON array of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import unquote

import msgspec

from hookwright.rules.event import JSON, Event

from ..hops import ATTRIBUTE, HEADER, hops_in, hops_of
from ..strictjson import BadJSON, decode
from .plain_form import is_time, read_plain
from .rejected import Rejected

EVENT_LIMIT = 256 * 1024  # bytes of one event
BATCH_LIMIT = 1000  # events of one request
REQUEST_LIMIT = 4 * 1024 * 1024  # bytes of one request

PLAIN = "application/json"
STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"


@dataclass(frozen=True, slots=True)
class Incoming:
    """The events of one request, and whether it was a batch (which decides the form of the answer).

    With `bare` the body was the data of the one event, and nothing else (binary mode).
    """

    events: tuple[Event, ...]
    batch: bool
    bare: bool = False

    def data_pointer(self, index: int) -> str:
        """Where in the body the data of one event stands, as a JSON Pointer."""
        if self.bare:
            return ""
        return f"/{index}/data" if self.batch else "/data"


@dataclass(frozen=True, slots=True)
class Defaults:
    """What an event gets when its sender left it out: `event_id(index in the request)` and the source."""

    source: str
    event_id: Callable[[int], str]


def read_events(body: bytes, content_type: str, headers: Mapping[str, str], defaults: Defaults) -> Incoming:
    """Read one request body. `headers` have lower-case names; those beginning with `ce-` mean binary mode.

    Raises `Rejected`: 400 not our JSON or not an event, 413 too large, 415 another content type.
    """
    hops = hops_in(headers.get(HEADER))
    if hops is None:
        raise Rejected(400, "Not an event", f"{HEADER}: a number from 0 to 999999", header=HEADER)
    incoming = _read(body, content_type, headers, defaults)
    return incoming if hops == 0 else replace(incoming, events=_after(incoming.events, hops))


def _after(events: Iterable[Event], hops: int) -> tuple[Event, ...]:
    """The events of a request that came of a call of ours, or of another's."""
    return tuple(
        msgspec.structs.replace(
            event,
            extensions=tuple(
                sorted({**dict(event.extensions), ATTRIBUTE: max(hops, hops_of(event.extensions))}.items())
            ),
        )
        for event in events
    )


def _read(body: bytes, content_type: str, headers: Mapping[str, str], defaults: Defaults) -> Incoming:
    media = _media_type(content_type)
    if media == PLAIN and any(name.startswith("ce-") for name in headers):
        return Incoming((_binary(body, headers, defaults),), batch=False, bare=True)
    value = _decoded(body)
    batch = isinstance(value, list)
    events = _plain(body, value, defaults) if media != (STRUCTURED if batch else BATCHED) else None
    if events is not None:
        return Incoming(tuple(events), batch=batch)
    raws = _raw_fields(body, batch=isinstance(value, list))
    if isinstance(value, list):
        if media == STRUCTURED:
            raise Rejected(400, "Not an event", f"{STRUCTURED} carries one event; send a list as {BATCHED}")
        return Incoming(_batch(value, raws, defaults, len(body)), batch=True)
    if media == BATCHED:
        raise Rejected(400, "Not a batch", f"{BATCHED} carries a JSON array of events")
    return Incoming((_event(value, raws[0], defaults, 0, "", len(body)),), batch=False)


def _plain(body: bytes, value: JSON, defaults: Defaults) -> list[Event] | None:
    if isinstance(value, list) and not 0 < len(value) <= BATCH_LIMIT:
        return None
    return read_plain(body, value, defaults.source, defaults.event_id, EVENT_LIMIT)


def media_in_utf8(content_type: str) -> str | None:
    """The media type in lower case; None when another character set than UTF-8 is named."""
    media, _, parameters = content_type.partition(";")
    charset = re.search(r"charset\s*=\s*\"?([^\s;\"]+)", parameters, re.IGNORECASE)
    if charset and charset[1].lower() not in {"utf-8", "utf8"}:
        return None
    return media.strip().lower()


@lru_cache(maxsize=16)  # what senders say is nearly always the same
def _media_type(content_type: str) -> str:
    media = media_in_utf8(content_type)
    if media not in {PLAIN, STRUCTURED, BATCHED}:
        raise Rejected(
            415,
            "Unsupported content type",
            f"send {PLAIN}, {STRUCTURED} or {BATCHED} in UTF-8, not {content_type[:100] or 'nothing'!r}",
            header="content-type",
        )
    return media


def _decoded(body: bytes) -> JSON:
    try:
        return decode(body)
    except BadJSON as problem:
        raise Rejected(
            400,
            "Not valid JSON",
            problem.message,
            pointer=problem.pointer,
            position=(problem.line, problem.column),
        ) from None


_ONE = msgspec.json.Decoder(dict[str, msgspec.Raw])
_MANY = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])


def _raw_fields(body: bytes, *, batch: bool) -> list[dict[str, msgspec.Raw]]:
    """The exact bytes of every field of every event."""
    try:
        return _MANY.decode(body) if batch else [_ONE.decode(body)]
    except msgspec.ValidationError:
        what = (
            "every item of the array must be an object" if batch else "the body must be an object or an array"
        )
        raise Rejected(
            400, "Not an event", f'{what} like {{"type": "Lead_Post_Create", "data": {{}}}}'
        ) from None


def _batch(
    values: list[JSON], raws: list[dict[str, msgspec.Raw]], defaults: Defaults, size: int
) -> tuple[Event, ...]:
    if not values:
        raise Rejected(400, "Empty batch", "the array holds no event", pointer="")
    if len(values) > BATCH_LIMIT:
        raise Rejected(
            413, "Too many events", f"{len(values)} events in one request; the limit is {BATCH_LIMIT}"
        )
    return tuple(
        _event(value, raw, defaults, index, f"/{index}", _size(raw) if size > EVENT_LIMIT else 0)
        for index, (value, raw) in enumerate(zip(values, raws, strict=True))
    )


def _size(raw: dict[str, msgspec.Raw]) -> int:
    return sum(len(bytes(field)) + len(name) + 4 for name, field in raw.items())


def _event(
    value: JSON, raw: dict[str, msgspec.Raw], defaults: Defaults, index: int, pointer: str, size: int
) -> Event:
    assert isinstance(value, dict)
    if size > EVENT_LIMIT:
        raise Rejected(
            413, "Event too large", f"{size} bytes; the limit is {EVENT_LIMIT} an event", pointer=pointer
        )
    if "data_base64" in value:
        raise Rejected(
            400, "Not JSON data", "data_base64: only JSON data is taken", pointer=f"{pointer}/data_base64"
        )
    data = bytes(raw["data"]) if "data" in raw else b"null"
    attributes = {name: item for name, item in value.items() if name != "data"}
    return _build(
        attributes, value.get("data"), data, defaults, index, lambda name: {"pointer": f"{pointer}/{name}"}
    )


def _binary(body: bytes, headers: Mapping[str, str], defaults: Defaults) -> Event:
    attributes: dict[str, JSON] = {
        name[3:]: _header_text(name, text) for name, text in headers.items() if name.startswith("ce-")
    }
    if len(body) > EVENT_LIMIT:
        raise Rejected(413, "Event too large", f"{len(body)} bytes; the limit is {EVENT_LIMIT} an event")
    data = body.strip(b" \t\r\n") or b"null"
    return _build(attributes, _decoded(data), data, defaults, 0, lambda name: {"header": f"ce-{name}"})


def _header_text(name: str, text: str) -> str:
    """A binary mode header value, percent-decoded once (HTTP protocol binding, section 3.1.3.2)."""
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise Rejected(400, "Not an event", f"{name}: not percent-encoded UTF-8", header=name) from None


_NAME = re.compile(r"[a-z0-9]{1,20}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LENGTHS = {"id": 256, "source": 1024, "type": 256, "subject": 1024, "time": 64, "specversion": 8}
_UNUSED = {"specversion", "datacontenttype", "dataschema"}


def _build(
    attributes: Mapping[str, JSON],
    data: JSON,
    raw: bytes,
    defaults: Defaults,
    index: int,
    place: Callable[[str], Mapping[str, str]],
) -> Event:
    def refuse(name: str, detail: str) -> Rejected:
        where = place(name)
        return Rejected(
            400, "Not an event", f"{name}: {detail}", pointer=where.get("pointer"), header=where.get("header")
        )

    texts = {name: _text(name, value, refuse) for name, value in attributes.items() if name in _LENGTHS}
    if "type" not in texts:
        raise refuse("type", "missing; name the event type, such as Lead_Post_Create")
    if texts.get("specversion", "1.0") != "1.0":
        raise refuse("specversion", "only CloudEvents 1.0 is known")
    if "time" in texts and not is_time(texts["time"]):
        raise refuse("time", "not an RFC 3339 time such as 2026-11-23T21:04:02Z")
    if attributes.get("datacontenttype", PLAIN) != PLAIN:
        raise refuse("datacontenttype", f"only {PLAIN} data is taken")
    return Event(
        id=texts.get("id") or defaults.event_id(index),
        source=texts.get("source") or defaults.source,
        type=texts["type"],
        data=data,
        raw=raw,
        time=texts.get("time"),
        subject=texts.get("subject"),
        extensions=_extensions(attributes, refuse),
    )


def _text(name: str, value: JSON, refuse: Callable[[str, str], Rejected]) -> str:
    if not isinstance(value, str) or not value:
        raise refuse(name, "must be a string that is not empty")
    if len(value) > _LENGTHS[name]:
        raise refuse(name, f"{len(value)} characters; at most {_LENGTHS[name]}")
    if _CONTROL.search(value):
        raise refuse(name, "holds a control character")
    return value


def _extensions(
    attributes: Mapping[str, JSON], refuse: Callable[[str, str], Rejected]
) -> tuple[tuple[str, bool | int | str], ...]:
    found: list[tuple[str, bool | int | str]] = []
    for name, value in attributes.items():
        if name in _LENGTHS or name in _UNUSED:
            continue
        if not _NAME.fullmatch(name):
            raise refuse(
                name, "not a known field (CloudEvents extensions are 1 to 20 lower-case letters or digits)"
            )
        if not isinstance(value, bool | int | str):
            raise refuse(name, "an extension is a string, an integer or a boolean; payload goes into data")
        if len(str(value)) > 1024:
            raise refuse(name, "an extension has at most 1024 characters")
        found.append((name, value))
    return tuple(sorted(found))
