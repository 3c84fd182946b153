"""`/v1/runs`: how runs of automations go, and the trace of each."""

from __future__ import annotations

import re
import time

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hookwright.engine.errors import JournalError
from hookwright.engine.history.index_view import HistoryUnavailable
from hookwright.engine.history.run_view import RunFilter
from hookwright.engine.intake.cancelling import RunEnded

from ..filters import BadFilter
from ..run_filters import PARAMETERS, read_run_filter
from .actor import actor_of
from .parts import Parts
from .problems import Refusal, Refused
from .query import bad_query, limit_of, read_query
from .why import read_why

_RUN = re.compile(r"run_[a-z2-7]{26}")


async def list_runs(request: Request) -> Response:
    """The newest runs that fit the filters, newest first; `next` is the cursor of the next page."""
    parts: Parts = request.app.state.parts
    wanted, limit, before = _read(request)
    try:
        rows = await run_in_threadpool(parts.history.runs.list, wanted, limit + 1, before)
    except HistoryUnavailable as error:
        raise _unavailable(error) from None
    following = rows[limit - 1].id if len(rows) > limit else None
    body = msgspec.json.encode({"runs": rows[:limit], "next": following})
    return Response(body, media_type="application/json")


async def show_run(request: Request) -> Response:
    """One run with the data of its event and its steps: time, input, output, YAML line, delivery."""
    parts: Parts = request.app.state.parts
    identifier = request.path_params["id"]
    if not _RUN.fullmatch(identifier):
        raise HTTPException(404)
    try:
        trace = await run_in_threadpool(parts.history.runs.show, identifier)
    except HistoryUnavailable as error:
        raise _unavailable(error) from None
    if trace is None:
        raise HTTPException(404)
    return Response(msgspec.json.encode(trace), media_type="application/json")


async def cancel_run(request: Request) -> Response:
    """The wish to end a run, which is on disk (202); the run as it stands. What it calls now still ends."""
    parts: Parts = request.app.state.parts
    identifier = request.path_params["id"]
    why = await read_why(request)
    if not _RUN.fullmatch(identifier):
        raise HTTPException(404)
    try:
        row = await run_in_threadpool(parts.cancels.cancel, identifier, actor_of(request.scope), why)
    except RunEnded as ended:
        members = {"status": ended.row.status.value}
        raise Refused(Refusal(409, "Ended", str(ended), members=members)) from None
    except JournalError as error:
        raise Refused(Refusal(503, "Not cancelled", str(error), (("retry-after", "5"),))) from None
    except HistoryUnavailable as error:
        raise _unavailable(error) from None
    if row is None:
        raise HTTPException(404)
    return Response(msgspec.json.encode(row), 202, media_type="application/json")


def _read(request: Request) -> tuple[RunFilter, int, str | None]:
    given = read_query(request, PARAMETERS)
    limit, cursor = limit_of(given.pop("limit", None)), given.pop("cursor", None)
    if cursor is not None and not _RUN.fullmatch(cursor):
        raise bad_query("cursor", "not a cursor; use `next` of the page before")
    try:
        return read_run_filter(given, int(time.time() * 1000)), limit, cursor
    except BadFilter as bad:
        raise bad_query(re.sub(r"_(.)", lambda found: found[1].upper(), bad.name), str(bad)) from None


def _unavailable(error: HistoryUnavailable) -> Refused:
    return Refused(Refusal(503, "History unavailable", str(error), (("retry-after", "1"),)))
