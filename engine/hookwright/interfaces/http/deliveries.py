"""`/v1/deliveries`: what became of every delivery, and each in full."""

from __future__ import annotations

import re
import time

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hookwright.engine.history.index_view import HistoryUnavailable
from hookwright.engine.history.row import Filter

from ..filters import PARAMETERS, BadFilter, read_parameters
from .parts import Parts
from .problems import Refusal
from .query import bad_query, limit_of, read_query

_DELIVERY = re.compile(r"dlv_[a-z2-7]{26}")


async def list_deliveries(request: Request) -> Response:
    """The newest deliveries that fit the filters, newest first; `next` is the cursor of the next page."""
    parts: Parts = request.app.state.parts
    try:
        wanted, limit, before = _read_query(request)
        rows = await run_in_threadpool(parts.history.list, wanted, limit + 1, before)
    except HistoryUnavailable as error:
        return _unavailable(error)
    following = rows[limit - 1].id if len(rows) > limit else None
    return _json({"deliveries": rows[:limit], "next": following})


async def show_delivery(request: Request) -> Response:
    """One delivery with the request and the response of every attempt."""
    parts: Parts = request.app.state.parts
    identifier = request.path_params["id"]
    if not _DELIVERY.fullmatch(identifier):
        raise HTTPException(404)
    try:
        detail = await run_in_threadpool(parts.history.show, identifier)
    except HistoryUnavailable as error:
        return _unavailable(error)
    if detail is None:
        raise HTTPException(404)
    return _json(detail.document())


def _read_query(request: Request) -> tuple[Filter, int, str | None]:
    given = read_query(request, PARAMETERS)
    limit, before = limit_of(given.pop("limit", None)), _cursor(given.pop("cursor", None))
    try:
        return read_parameters(given, int(time.time() * 1000)), limit, before
    except BadFilter as bad:
        name = next(shown for shown, inner in PARAMETERS.items() if inner == bad.name)
        raise bad_query(name, str(bad)) from None


def _cursor(text: str | None) -> str | None:
    if text is not None and not _DELIVERY.fullmatch(text):
        raise bad_query("cursor", "not a cursor; use `next` of the page before")
    return text


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")


def _unavailable(error: HistoryUnavailable) -> Response:
    return Refusal(503, "History unavailable", str(error), (("retry-after", "1"),)).response()
