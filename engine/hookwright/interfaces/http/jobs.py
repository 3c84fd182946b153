"""`/v1/replays`: many deliveries are sent once more, as a job that can be watched and cancelled."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from hookwright.engine.errors import JournalError
from hookwright.engine.history.index_view import HistoryUnavailable
from hookwright.engine.intake.idempotency import read_key
from hookwright.engine.intake.jobs import JobEnded, OtherJob, TooManyJobs
from hookwright.engine.intake.rejected import Rejected
from hookwright.engine.journal.job import Job
from hookwright.rules.event import JSON
from hookwright.schemas.grammar import rate as read_rate
from hookwright.schemas.nearest import nearest

from ..filters import PARAMETERS, BadFilter, settle
from .actor import actor_of
from .body import read_object
from .fields import Fault, invalid, pointer, unknown_keys
from .parts import Parts
from .problems import Refusal, Refused, from_rejected
from .why import WHY_LIMIT

RATE = "50/s"
RATE_LIMIT = 1000  # a second
_KEYS = ("filter", "why", "rate", "dry")
_JOB = re.compile(r"rpl_[a-z2-7]{26}")
_Found = TypeVar("_Found")


async def start_replays(request: Request) -> Response:
    """A job that replays all that fits the filter (202, on disk), or with `dry` only their number (200)."""
    parts: Parts = request.app.state.parts
    key = _key(request)
    value = await read_object(request)
    words, faults = _read_words(value.get("filter")), list(_faults(value))
    if faults:
        raise invalid(faults)
    fixed = _settled(words)
    why, rate = str(value.get("why", "")), str(value.get("rate", RATE))
    if value.get("dry"):
        count, still_open = await _call(lambda: parts.jobs.count(fixed))
        said = {"count": count, "notEnded": still_open, "filter": fixed, "rate": rate}
        return Response(msgspec.json.encode(said), media_type="application/json")
    job = await _call(lambda: parts.jobs.ask(fixed, actor_of(request.scope), why, rate, key))
    headers = {"location": f"/v1/replays/{job.id}"}
    return Response(msgspec.json.encode(document(job)), 202, headers, "application/json")


async def list_replays(request: Request) -> Response:
    """The last jobs, newest first."""
    parts: Parts = request.app.state.parts
    found = await _call(parts.jobs.last)
    said = {"replays": [document(each) for each in found]}
    return Response(msgspec.json.encode(said), media_type="application/json")


async def show_replays(request: Request) -> Response:
    """How one job stands."""
    parts: Parts = request.app.state.parts
    name = _name(request)
    return _answer(await _call(lambda: parts.jobs.get(name)), name)


async def cancel_replays(request: Request) -> Response:
    """End a job: nothing more is replayed when this is answered. What was replayed stays so."""
    parts: Parts = request.app.state.parts
    name = _name(request)
    return _answer(await _call(lambda: parts.jobs.cancel(name, actor_of(request.scope))), name)


def document(job: Job) -> dict[str, Any]:
    """A job as the API tells of it."""
    said: dict[str, Any] = msgspec.to_builtins(job)
    del said["after"]
    return said


async def _call(function: Callable[[], _Found]) -> _Found:
    """What it returns, from a thread. Raises `Refused` (409, 503)."""
    try:
        return await run_in_threadpool(function)
    except TooManyJobs as error:
        raise Refused(Refusal(409, "Too many replays", str(error))) from None
    except OtherJob as error:
        raise Refused(Refusal(409, "Idempotency key used", str(error))) from None
    except JobEnded as error:
        raise Refused(Refusal(409, "Ended", str(error), members={"state": "done"})) from None
    except (HistoryUnavailable, JournalError, OSError) as error:
        wait = 1 if isinstance(error, HistoryUnavailable) else 5
        headers = (("retry-after", str(wait)),)
        raise Refused(Refusal(503, "Not replayed", str(error), headers=headers)) from None


def _key(request: Request) -> str | None:
    try:
        return read_key(request.headers)
    except Rejected as rejected:
        raise Refused(from_rejected(rejected)) from None


def _name(request: Request) -> str:
    name: str = request.path_params["id"]
    if not _JOB.fullmatch(name):
        raise _unknown(name)
    return name


def _answer(job: Job | None, name: str) -> Response:
    if job is None:
        raise _unknown(name)
    return Response(msgspec.json.encode(document(job)), media_type="application/json")


def _unknown(name: str) -> Refused:
    return Refused(Refusal(404, "No such replay", f"no replay {name[:60]!r}; GET /v1/replays lists them"))


def _read_words(value: JSON) -> dict[str, str]:
    """The filter as texts, in which programs may write `true` and `503` as what they are."""
    given = value if isinstance(value, dict) else {}
    return {name: str(each).lower() if isinstance(each, bool) else str(each) for name, each in given.items()}


def _faults(value: dict[str, JSON]) -> Iterator[Fault]:
    yield from unknown_keys(value, _KEYS)
    yield from _faults_of_filter(value.get("filter"))
    why, rate = value.get("why", ""), value.get("rate", RATE)
    if not isinstance(why, str) or len(why) > WHY_LIMIT:
        yield Fault("/why", f"why is a text of at most {WHY_LIMIT} characters")
    if message := _fault_of_rate(rate):
        yield Fault("/rate", message)
    if not isinstance(value.get("dry", False), bool):
        yield Fault("/dry", "dry is true or false")


def _fault_of_rate(rate: JSON) -> str | None:
    try:
        number, period = read_rate(rate if isinstance(rate, str) else repr(rate))
    except ValueError as error:
        return str(error)
    return f"at most {RATE_LIMIT}/s" if number * 1000 > RATE_LIMIT * period else None


def _faults_of_filter(value: JSON) -> Iterator[Fault]:
    if not isinstance(value, dict) or not value:
        yield Fault("/filter", f"say which deliveries, by at least one of {', '.join(PARAMETERS)}")
        return
    for name, each in value.items():
        if name not in PARAMETERS:
            guess = next(iter(nearest(name, tuple(PARAMETERS), limit=1)), None)
            yield Fault(pointer("filter", name), f'unknown filter "{name[:50]}"', guess)
        elif not isinstance(each, str | bool | int):
            yield Fault(pointer("filter", name), f"{name} is a text")


def _settled(words: dict[str, str]) -> dict[str, str]:
    try:
        return settle(words, int(time.time() * 1000))
    except BadFilter as bad:
        name = next(shown for shown, inner in PARAMETERS.items() if inner == bad.name)
        raise invalid([Fault(pointer("filter", name), f"{name}: {bad}")]) from None
