"""`/v1/webhooks`, read: all webhooks, git's and those made here."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from hookwright.engine.history.index_view import HistoryUnavailable
from hookwright.engine.journal.switch import Switches
from hookwright.schemas.nearest import did_you_mean

from ..live import Configuration
from ..webhooks import MOST, PAGE_SIZE, BadWish, Shown, Wish, shown
from .parts import Parts
from .problems import Refusal, Refused

_WISHES = ("event", "status", "search", "bundle", "sort")
_PAGING = ("page", "page_size")


async def list_webhooks(request: Request) -> Response:
    """A page of the webhooks that fit, and how many fit in all; git's and the API's."""
    wish, page, size = _query(request)
    configuration = parts_of(request).live.configuration
    try:
        found = wish.of(configuration, await switches_of(request))
    except BadWish as bad:
        raise _bad_query(bad.name, str(bad)) from None
    part = found[(page - 1) * size : page * size]
    said = {
        "webhooks": [each.document() for each in part],
        "count": len(found),
        "page": page,
        "page_size": size,
    }
    return answer({**said, "revision": configuration.revision}, configuration)


async def show_webhook(request: Request) -> Response:
    """One webhook, whoever's it is."""
    configuration = parts_of(request).live.configuration
    found = find(configuration, request.path_params["id"], await switches_of(request))
    return answer(found.document(), configuration)


def find(configuration: Configuration, identifier: str, switches: Switches) -> Shown:
    """The webhook of that id. Raises `Refused` (404)."""
    everything = {str(each.webhook["id"]): each for each in shown(configuration, switches)}
    if identifier not in everything:
        raise missing(identifier, everything)
    return everything[identifier]


def missing(identifier: str, known: Iterable[str]) -> Refused:
    """404, with the nearest id."""
    guess = did_you_mean(identifier, known)
    detail = f'no webhook "{identifier[:80]}"' + (f"; {guess}" if guess else "")
    return Refused(Refusal(404, "No such webhook", detail))


def answer(value: object, configuration: Configuration, status: int = 200, **headers: str) -> Response:
    """JSON, with the revision it was read under as its ETag."""
    said = {"etag": f'"{configuration.revision}"', **headers}
    return Response(msgspec.json.encode(value), status, said, "application/json")


def parts_of(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


async def switches_of(request: Request) -> Switches:
    """What was switched off or on."""
    try:
        return await run_in_threadpool(parts_of(request).history.switches)
    except HistoryUnavailable as error:
        refusal = Refusal(503, "History unavailable", str(error), (("retry-after", "1"),))
        raise Refused(refusal) from None


def _query(request: Request) -> tuple[Wish, int, int]:
    given: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in _WISHES and name not in _PAGING:
            raise _bad_query(name[:50], f"not a parameter; there are {', '.join((*_WISHES, *_PAGING))}")
        if name in given:
            raise _bad_query(name, "given twice")
        given[name] = value
    page = _number("page", given.pop("page", "1"), 1_000_000)
    size = _number("page_size", given.pop("page_size", str(PAGE_SIZE)), MOST)
    return Wish(**given), page, size


def _number(name: str, text: str, most: int) -> int:
    if not re.fullmatch("[0-9]{1,7}", text, re.ASCII) or not 1 <= int(text) <= most:
        raise _bad_query(name, f"a number from 1 to {most}")
    return int(text)


def _bad_query(parameter: str, detail: str) -> Refused:
    return Refused(Refusal(400, "Bad query", f"{parameter}: {detail}", members={"parameter": parameter}))
