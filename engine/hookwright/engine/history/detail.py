"""One delivery in full: its event, its body and every attempt, read from the journal."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType, ValidationError

from ..delivery import LappRecord, Received, Sent, Timing
from ..instant import timestamp
from ..journal.acceptance import Accepted, JournalledEvent
from ..journal.carried import CARRIED_ATTEMPT, CarriedAttempt
from ..journal.line import Line, Shape
from ..journal.opened import Batched, Opened, read_opened
from ..journal.origin import read_origin
from ..journal.outcome import Attempt, Held
from ..journal.reader import read_at
from ..journal.segment import Position
from .row import Row


@dataclass(frozen=True, slots=True)
class Where:
    """Where a delivery's lines stand: its event's, its own, and the bookkeeper's.

    For what went into a batch, `batch` is where that stands, and `booked` are the lines about it.
    """

    event: Position
    line: Position
    booked: tuple[Position, ...]
    batch: Position | None = None


@dataclass(frozen=True, slots=True)
class Related:
    """Deliveries that belong to one: others of its message by round, and what it took along as a batch."""

    rounds: tuple[Row, ...] = ()
    members: tuple[Row, ...] = ()


class Request(Struct, frozen=True, kw_only=True):
    """A request as it went out, secrets redacted. A body that is not UTF-8 is base64; `encoding` says so."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: str
    encoding: Literal["base64"] | UnsetType = UNSET


class Tried(Struct, frozen=True, kw_only=True):
    """One attempt. `outcome` is success, retry, failure, or lost (the worker lost its claim; no try spent).

    `ended` is when the worker knew, `booked` when it was written; `timing` is in seconds. `request` is None
    when none was made, `response` None when none came. `lapp` tells of a Lapp that was called.
    """

    attempt: int
    outcome: str
    ended: str
    booked: str
    worker: str
    revision: str
    request: Request | None
    response: Received | None
    error: str | None
    reason: str
    timing: Timing | None
    next: str | None
    lapp: LappRecord | UnsetType = UNSET


class Waited(Struct, frozen=True, kw_only=True):
    """A time when no attempt could be made: since when, why, and when it was to be looked at again."""

    since: str
    error: str | None
    reason: str
    next: str | None


class Source(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The event, a CloudEvent. `data` is JSON on one line; the body sent shows its exact bytes."""

    id: str
    source: str
    type: str
    time: str | None = None
    subject: str | None = None
    data: Raw = Raw(b"null")


@dataclass(frozen=True, slots=True)
class Detail:
    """Everything about one delivery. `event` is None when its line can no longer be read.

    `body` is what is sent, as text (or base64, as `encoding` says); of a delivery that is batched, what it
    gives to the batch, whose attempts are then shown. `opened` is the line that opened it, when no event did
    directly: a batch, a notice or a replay.
    """

    row: Row
    event: Source | None
    body: str
    encoding: str | None
    attempts: tuple[Tried, ...]
    held: tuple[Waited, ...]
    opened: Opened | None = None
    related: Related = Related()

    def document(self) -> dict[str, Any]:
        """One JSON object: the row's fields, `attempts` as a list of them, and `event`, `body`, `held`.

        `origin` tells what is special about a batch, a notice or a replay; `rounds` and `includes` name
        related deliveries.
        """
        encoding = {"encoding": self.encoding} if self.encoding else {}
        document: dict[str, Any] = msgspec.to_builtins(self.row)
        return document | {
            "event": None if self.event is None else msgspec.json.decode(msgspec.json.encode(self.event)),
            "body": self.body,
            **encoding,
            "attempts": msgspec.to_builtins(list(self.attempts)),
            "held": msgspec.to_builtins(list(self.held)),
            "origin": _origin(self.opened),
            "rounds": [
                {"id": each.id, "round": each.round, "status": each.status} for each in self.related.rounds
            ],
            "includes": [
                {"id": each.id, "eventId": each.event_id, "eventSource": each.event_source}
                for each in self.related.members
            ],
        }


def _origin(opened: Opened | None) -> dict[str, Any] | None:
    """What a line that opens a delivery says beyond what every delivery has."""
    if opened is None:
        return None
    fields: dict[str, Any] = msgspec.to_builtins(opened)
    names = {field.encode_name for field in msgspec.structs.fields(type(opened))} - _COMMON
    return {name: value for name, value in fields.items() if name in names - {"members"}}


_COMMON = {field.encode_name for field in msgspec.structs.fields(Opened)}


def read_detail(folder: Path, row: Row, where: Where, related: Related) -> Detail:
    """Read a delivery's lines; those that cannot be read (any more) are left out."""
    opened = read_opened(folder, where.line)
    first = _decode(read_at(folder, where.event), Accepted)
    event = first.event if first else None
    body, encoding = sent = _text(opened[1] if opened else _body(folder, row.id, where))
    if where.batch is not None:
        batch = read_opened(folder, where.batch)
        sent = _text(batch[1] if batch else b"")
    lines = [line for line in (read_at(folder, place) for place in where.booked) if line]
    return Detail(
        row=row,
        event=_source(event) if event else None,
        body=body,
        encoding=None if encoding is UNSET else encoding,
        attempts=tuple(_attempts(lines, *sent)),
        held=tuple(_held(lines)),
        opened=opened[0] if opened else None,
        related=_in_order(related, opened[0] if opened else None),
    )


def _in_order(related: Related, opened: Opened | None) -> Related:
    """Members as they stand in the list that was sent."""
    if not isinstance(opened, Batched):
        return related
    order = {member: number for number, member in enumerate(opened.members)}
    members = sorted(related.members, key=lambda each: order.get(each.id, len(order)))
    return replace(related, members=tuple(members))


def _body(folder: Path, delivery: str, where: Where) -> bytes:
    origin = read_origin(folder, where.event, where.line, delivery)
    return b"" if origin is None else origin.planned.content(origin.event)


def _source(event: JournalledEvent) -> Source:
    data = event.data if bytes(event.data) else Raw(b"null")
    return Source(
        id=event.id, source=event.source, type=event.type, time=event.time, subject=event.subject, data=data
    )


def _attempts(lines: list[Line], body: str, encoding: Literal["base64"] | UnsetType) -> Iterator[Tried]:
    seen: set[tuple[int, str, str]] = set()  # what was carried forward says once more what may still be there
    for line in lines:
        if line.kind not in {"attempt", "lease_lost", CARRIED_ATTEMPT}:
            continue
        found = _decode(line, Attempt)
        if found and (found.attempt, found.outcome, found.ended) not in seen:
            seen.add((found.attempt, found.outcome, found.ended))
            kept = _decode(line, CarriedAttempt)
            yield Tried(
                attempt=found.attempt,
                outcome=found.outcome,
                ended=found.ended,
                booked=kept.booked if kept else timestamp(line.at),
                worker=found.worker,
                revision=found.revision,
                request=_request(found.request, body, encoding) if found.request else None,
                response=found.response,
                error=found.error,
                reason=found.reason,
                timing=found.timing,
                next=found.next,
                lapp=found.lapp,
            )


def _request(sent: Sent, body: str, encoding: Literal["base64"] | UnsetType) -> Request:
    if sent.body != "data":
        body, encoding = sent.body, UNSET
    return Request(method=sent.method, url=sent.url, headers=sent.headers, body=body, encoding=encoding)


def _held(lines: list[Line]) -> Iterator[Waited]:
    for line in lines:
        found = _decode(line, Held) if line.kind == "held" else None
        if found:
            yield Waited(since=timestamp(line.at), error=found.error, reason=found.reason, next=found.next)


def _decode(line: Line | None, shape: type[Shape]) -> Shape | None:
    try:
        return line.decode(shape) if line else None
    except ValidationError:
        return None


def _text(body: bytes) -> tuple[str, Literal["base64"] | UnsetType]:
    try:
        return body.decode(), UNSET
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), "base64"
