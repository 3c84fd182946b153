"""Blanking: a line without the content it holds, as long as it was, so that all that follows stays in place.

Of each kind the fields to keep are named: what is added to a kind later goes until somebody lets it stay.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from ..delivery import LappRecord, Received, Sent
from ..errors import JournalError
from .acceptance import Accepted, AcceptedMore, JournalledEvent, Planned
from .carried import CARRIED, CARRIED_ATTEMPT, Carried, CarriedAttempt
from .expunge import EXPUNGED
from .line import Line
from .opened import OPENED, OPENED_MORE, Acted, Batched, Noticed, Opened, OpenedMore, Replayed
from .outcome import SHAPES, Attempt, Held, Settled
from .runs import RUNS, Began, CancelLine, PlannedRun, RunLine, StepLine

_TAIL = len(',"crc":"01234567"}')
_NAMED = re.compile(rb"(?:dlv|run)_[a-z2-7]{26}")
_OPENED = (
    *("id", "message", "entity_type", "entity_id", "event_id", "event_source", "event_type", "due"),
    *("revision", "action", "place", "test", "more", "hops"),
)
_FURTHER: dict[type[Opened], tuple[str, ...]] = {
    Batched: ("members", "opened", "closed", "half_of", "split"),
    Noticed: ("notifier", "about", "tells"),
    Replayed: ("of", "round", "by", "why", "job", "notifier"),
    Acted: ("run", "step", "round", "notifier"),
}

_BOOKED = {**SHAPES, CARRIED_ATTEMPT: CarriedAttempt}


@dataclass(slots=True)
class Subject:
    """What is looked for: an event, and the deliveries and runs that have to do with it."""

    source: str
    event_id: str
    deliveries: set[str] = field(default_factory=set)
    runs: set[str] = field(default_factory=set)

    def mentioned(self, raw: bytes) -> bool:
        """Whether these bytes may be about it."""
        named = {each.decode() for each in _NAMED.findall(raw)}
        return bool(named & self.deliveries or named & self.runs) or msgspec.json.encode(self.event_id) in raw


class Blanking:
    """Reads the lines of one segment in order, and blanks those about a subject."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._following = ""  # the kind whose lines go on with what was blanked

    def blanked(self, line: Line) -> bytes | None:
        """The whole line anew, without its line break; None when it stays. A line that is blanked already
        stays. Raises `JournalError` for one that cannot be blanked.
        """
        if line.kind in OPENED_MORE and line.kind == self._following:
            return _written(line, OpenedMore(text="", done=line.decode(OpenedMore).done))
        self._following = ""
        if not self._subject.mentioned(line.raw):
            return None
        try:
            kept = self._kept(line)
        except msgspec.ValidationError as error:
            raise JournalError(
                f"line {line.n} is about what is expunged and cannot be read: {error}"
            ) from error
        return None if kept is None else _written(line, kept)

    def _kept(self, line: Line) -> Struct | None:
        kept: Struct | None = None
        if line.kind in {"accepted", CARRIED}:
            kept = self._accepted(line.decode(Accepted))
        elif line.kind in {"accepted+", f"{CARRIED}+"}:
            kept = self._more(line.decode(AcceptedMore))
        elif line.kind in OPENED:
            kept = self._opened(line.kind, line.decode(OPENED[line.kind]))
        elif line.kind in _BOOKED:
            booked = line.decode(_BOOKED[line.kind])
            kept = _booked(booked) if booked.delivery in self._subject.deliveries else None
        elif line.kind in RUNS:
            told = line.decode(RUNS[line.kind])
            kept = _told(told) if told.run in self._subject.runs else None
        return kept

    def _more(self, more: AcceptedMore) -> AcceptedMore | None:
        if self._subject.deliveries.isdisjoint(each.id for each in more.deliveries):
            return None
        return AcceptedMore(deliveries=tuple(map(_planned, more.deliveries)), done=more.done)

    def _opened(self, kind: str, opened: Opened) -> Struct | None:
        if opened.id not in self._subject.deliveries:
            return None
        self._following = f"{kind}+"
        names = (*_OPENED, *_FURTHER[type(opened)])
        return _only(opened, names, carried=_carried(opened.carried))

    def _accepted(self, accepted: Accepted) -> Accepted | None:
        event, subject = accepted.event, self._subject
        if (event.source, event.id) != (subject.source, subject.event_id):
            return None
        return Accepted(
            event=JournalledEvent(
                specversion="1.0", id=event.id, source=event.source, type=event.type, time=event.time
            ),
            revision=accepted.revision,
            deliveries=tuple(map(_planned, accepted.deliveries)),
            more=accepted.more,
            runs=tuple(map(_planned_run, accepted.runs)),
        )


def origin_of(url: str | None) -> str | None:
    """What of a URL says nothing of the content: scheme, host and port."""
    if url is None:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if parts.netloc else ""


def _only(fields: Struct, names: Iterable[str], **others: object) -> Struct:
    return type(fields)(**{name: getattr(fields, name) for name in names}, **others)


def _planned(planned: Planned) -> Planned:
    kept = Planned(
        id=planned.id,
        message=planned.message,
        entity_type=planned.entity_type,
        entity_id=planned.entity_id,
        due=planned.due,
        body="data" if planned.body == "data" else "text",
        action=planned.action,
        place=planned.place,
        test=planned.test,
        notifier=planned.notifier,
        carried=_carried(planned.carried),
    )
    if planned.batch is None:
        return kept
    return msgspec.structs.replace(kept, batch=msgspec.structs.replace(planned.batch, key=""))


def _planned_run(run: PlannedRun) -> PlannedRun:
    return PlannedRun(id=run.id, entity_id=run.entity_id, due=run.due, place=run.place)


def _told(told: RunLine | StepLine | CancelLine) -> Struct:
    """How a run went stays, without what its steps said."""
    if isinstance(told, CancelLine):
        return _only(told, ("run", "by"))
    if isinstance(told, StepLine):
        error = told.error and (told.error[0], "")
        names = ("run", "path", "state", "step_at", "until", "place", "round", "delivery", "seen")
        return msgspec.structs.replace(_only(told, names), error=error)
    began = Began(source=told.trigger.source, id=told.trigger.id, type=told.trigger.type)
    kept = _only(told, ("run", "entity_id", "status", "revision", "due", "place", "begun"), trigger=began)
    return msgspec.structs.replace(kept, reason=EXPUNGED if told.reason == EXPUNGED else "")


def _carried(carried: Carried | None) -> Carried | None:
    return carried and msgspec.structs.replace(carried, reason="")


def _booked(booked: Attempt | Held | Settled) -> Struct:
    if isinstance(booked, Held):
        return msgspec.structs.replace(booked, reason="")
    if isinstance(booked, Settled):
        reason = EXPUNGED if booked.reason == EXPUNGED else ""
        return msgspec.structs.replace(booked, reason=reason)
    request, response = booked.request, booked.response
    body = "data" if request and request.body == "data" else ""
    kept = Attempt(
        delivery=booked.delivery,
        attempt=booked.attempt,
        worker=booked.worker,
        revision=booked.revision,
        request=request
        and Sent(method=request.method, url=origin_of(request.url) or "", headers=(), body=body),
        response=response and Received(status=response.status),
        outcome=booked.outcome,
        error=booked.error,
        reason="",
        timing=booked.timing,
        next=booked.next,
        ended=booked.ended,
        lapp=booked.lapp
        and LappRecord(name=booked.lapp.name, stage=booked.lapp.stage, exit=booked.lapp.exit),
    )
    if not isinstance(booked, CarriedAttempt):
        return kept
    fields = {name: getattr(kept, name) for name in kept.__struct_fields__}
    return CarriedAttempt(**fields, booked=booked.booked)


def _written(line: Line, kept: Struct) -> bytes | None:
    """The line with these fields, and white space where others stood; None when that is what it was."""
    text = msgspec.json.encode(kept)[1:-1]
    start = line.raw.index(b'"kind":"') + len(b'"kind":"') + len(line.kind) + 1
    room = len(line.raw) - _TAIL - start - 1
    if len(text) > room:
        raise JournalError(f"line {line.n} has no room to be blanked")
    whole = line.raw[:start] + b"," + text + b" " * (room - len(text))
    raw = b'%b,"crc":"%08x"}' % (whole, zlib.crc32(whole))
    return None if raw == line.raw else raw
