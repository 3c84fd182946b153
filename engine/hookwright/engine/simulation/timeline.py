"""A `Timeline`: the events that come and the answers that receivers give, read from a file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from hookwright.rules.event import Event
from hookwright.rules.glob import compile_glob
from hookwright.rules.table import RoutingTable
from hookwright.schemas.catalogue import load_catalogue
from hookwright.schemas.document import Document, read
from hookwright.schemas.grammar import duration
from hookwright.schemas.nearest import did_you_mean
from hookwright.schemas.problem import Problem
from hookwright.schemas.validate import validate_as
from hookwright.schemas.wording import show

from ..call.transport import Reply
from ..delivery import Timing
from ..instant import milliseconds
from ..intake.door import Incoming
from ..intake.fitting import check_events
from ..intake.rejected import Rejected

START = milliseconds("2026-01-05T09:00:00Z")  # a Monday morning
SOURCE = "/simulated"


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event that comes in `at` (Unix milliseconds)."""

    at: int
    event: Event


@dataclass(frozen=True, slots=True)
class Answer:
    """What calls to endpoints that fit `to` come to, `took` milliseconds later; `times` of them or all."""

    to: str
    reply: Reply
    took: int = 0
    times: int | None = None

    def fits(self, endpoint: str) -> bool:
        """Whether it is the answer to a call of this endpoint."""
        return compile_glob(self.to).fullmatch(endpoint) is not None


@dataclass(frozen=True, slots=True)
class Timeline:
    """`start` and `end` are Unix milliseconds; without an end it lasts until nothing is left to do."""

    start: int
    arrivals: tuple[Arrival, ...]
    answers: tuple[Answer, ...] = ()
    end: int | None = None


def read_timeline(path: Path, table: RoutingTable) -> Timeline | tuple[Problem, ...]:
    """The timeline in the file at `path`, whose events `table` would take; else all that is wrong with it."""
    reading = read(path, name=str(path))
    document = reading.document
    problems = [*reading.problems, *(validate_as("timeline", document) if document else ())]
    if document is None or problems:
        return tuple(problems)
    written: Any = document.value
    try:
        start = milliseconds(written["start"]) if "start" in written else START
    except ValueError as error:
        return (Problem("HW016", f"no such instant: {error}", document.place(("start",))),)
    arrivals = tuple(_arrivals(written["events"], start))
    refused = (*_refused(arrivals, table, document), *_unasked(written.get("answers", ()), table, document))
    answers = tuple(_answer(each) for each in written.get("answers", ()))
    end = start + duration(written["until"]) if "until" in written else None
    return refused or Timeline(start, tuple(sorted(arrivals, key=lambda each: each.at)), answers, end)


def _arrivals(written: Sequence[Mapping[str, Any]], start: int) -> Iterator[Arrival]:
    catalogue = load_catalogue()
    for number, each in enumerate(written, start=1):
        labelled = catalogue.by_label.get(each["type"])
        kind = labelled.type if labelled else each["type"]
        at = start + duration(each.get("at", "0s"))
        yield Arrival(at, _event(each, kind, number, datetime.fromtimestamp(at / 1000).astimezone()))


def _event(written: Mapping[str, Any], kind: str, number: int, time: datetime) -> Event:
    known = load_catalogue().by_type.get(kind)
    data = written["data"] if "data" in written else json.loads(known.payload.text) if known else None
    return Event(
        id=written.get("id", f"event-{number}"),
        source=written.get("source", SOURCE),
        type=kind,
        data=data,
        raw=json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(),
        time=time.isoformat(),
        subject=written.get("subject"),
    )


def _refused(arrivals: Sequence[Arrival], table: RoutingTable, document: Document) -> Iterator[Problem]:
    """Events that the door would not let in."""
    for index, arrival in enumerate(arrivals):
        try:
            check_events(Incoming((arrival.event,), batch=False), table)
        except Rejected as error:
            where = ("data",) if error.problems else ("type",)
            yield Problem("HW185", error.detail, document.place(("events", index, *where)))


def _unasked(
    written: Sequence[Mapping[str, Any]], table: RoutingTable, document: Document
) -> Iterator[Problem]:
    """Answers to calls that nobody makes."""
    called = (*table.endpoints, *(f"notify/{identifier}" for identifier in table.notifiers))
    for index, each in enumerate(written):
        to = each.get("to", "*")
        if not any(map(compile_glob(to).fullmatch, called)):
            hint = (
                did_you_mean(to, called)
                or "`hookwright subscriber list` names endpoints; a glob such as webhook/* fits several"
            )
            message = f"{show(to)} fits no endpoint"
            yield Problem("HW186", message, document.place(("answers", index, "to")), hint)


def _answer(written: Mapping[str, Any]) -> Answer:
    took = duration(written.get("after", "0s"))
    timing = Timing(total=took / 1000)
    error = written.get("error")
    if error is not None:
        reply = Reply(None, False, error=error, message=f"{error} (simulated)", timing=timing)
    else:
        headers = tuple((name.lower(), value) for name, value in written.get("headers", {}).items())
        reply = Reply(
            written.get("status", 200), True, headers, _body(written.get("body", "")), timing=timing
        )
    return Answer(written.get("to", "*"), reply, took, written.get("times"))


def _body(written: Any) -> bytes:
    return written.encode() if isinstance(written, str) else json.dumps(written).encode()
