"""The plain form: events as nearly all senders write them, read in one go. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta, Raw, Struct

from hookwright.rules.event import JSON, Event

MARGIN = 64 * 1024  # more bytes than the attributes of an event can have, however they are written

_Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=256)]
_Place: TypeAlias = Annotated[str, Meta(min_length=1, max_length=1024)]


class _Sent(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    type: _Name
    data: Raw = Raw(b"null")
    id: _Name = ""
    source: _Place = ""
    subject: _Place | msgspec.UnsetType = msgspec.UNSET
    time: Annotated[str, Meta(min_length=1, max_length=64)] | msgspec.UnsetType = msgspec.UNSET
    specversion: Literal["1.0"] = "1.0"
    datacontenttype: Literal["application/json"] = "application/json"


_one = msgspec.json.Decoder(_Sent).decode
_many = msgspec.json.Decoder(list[_Sent]).decode


def read_plain(
    body: bytes, value: JSON, source: str, event_id: Callable[[int], str], largest: int
) -> list[Event] | None:
    """The events of a body that is sound JSON (`value`), or None when it takes a closer look to read them:
    when they have extensions, say, when anything is wrong with them, or one may be over `largest` bytes.

    `source` and `event_id(index in the request)` are for those that have none.
    """
    try:
        found: Sequence[_Sent] = _many(body) if isinstance(value, list) else (_one(body),)
    except msgspec.ValidationError:
        return None
    values: Sequence[JSON] = value if isinstance(value, list) else (value,)
    if not all(map(_is_sound, found)):
        return None
    if len(body) > largest and any(len(bytes(each.data)) > largest - MARGIN for each in found):
        return None
    return [
        Event(
            sent.id or event_id(index),
            sent.source or source,
            sent.type,
            given.get("data"),  # type: ignore[union-attr]  # an object, since it was read as one
            bytes(sent.data),
            sent.time or None,
            sent.subject or None,
        )
        for index, (sent, given) in enumerate(zip(found, values, strict=True))
    ]


def _is_sound(sent: _Sent) -> bool:
    """Whether the attributes hold no control characters (nor anything else out of the ordinary)."""
    if not (sent.type.isprintable() and sent.id.isprintable() and sent.source.isprintable()):
        return False
    if sent.subject is not msgspec.UNSET and not sent.subject.isprintable():
        return False
    return sent.time is msgspec.UNSET or (sent.time.isprintable() and is_time(sent.time))


def is_time(text: str) -> bool:
    """Whether it is an instant with its time zone, as RFC 3339 has it."""
    try:
        return datetime.fromisoformat(text).tzinfo is not None and "T" in text.upper()
    except ValueError:
        return False
