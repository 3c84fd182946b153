"""`/v1/events/{id}/expunge`: removes the content of an event, and tells how far that is."""

from __future__ import annotations

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from hookwright.engine.errors import JournalError
from hookwright.engine.history.expunging import Order
from hookwright.engine.history.index_view import HistoryUnavailable
from hookwright.engine.intake.expunging import Ambiguous

from .actor import actor_of
from .parts import Parts
from .problems import Refusal, Refused
from .why import read_why


async def expunge_event(request: Request) -> Response:
    """The order, which is on disk (202). Given again it changes nothing and tells how far it is."""
    why = await read_why(request)
    event, source = _asked(request)
    parts: Parts = request.app.state.parts
    try:
        found = await run_in_threadpool(parts.expunges.expunge, event, source, actor_of(request.scope), why)
    except Ambiguous as ambiguous:
        raise _several(ambiguous) from None
    except (HistoryUnavailable, JournalError) as error:
        raise _not_now(error) from None
    if found is None:
        raise _unknown(event)
    return _answer(event, *found, status=202)


async def show_expunge(request: Request) -> Response:
    """How far it is (200)."""
    event, source = _asked(request)
    parts: Parts = request.app.state.parts
    try:
        found = await run_in_threadpool(parts.expunges.standing, event, source)
    except Ambiguous as ambiguous:
        raise _several(ambiguous) from None
    except HistoryUnavailable as error:
        raise _not_now(error) from None
    if found is None or found[1] is None:
        raise _unknown(event)
    return _answer(event, found[0], found[1], status=200)


def _asked(request: Request) -> tuple[str, str | None]:
    return request.path_params["id"], request.query_params.get("source")


def _answer(event: str, source: str, order: Order, *, status: int) -> Response:
    state = "In Progress" if order.done is None else "Done"
    said = {"id": event, "source": source, "state": state, **msgspec.to_builtins(order)}
    return Response(msgspec.json.encode(said), status, media_type="application/json")


def _several(ambiguous: Ambiguous) -> Refused:
    detail = f"{ambiguous}; say which with ?source="
    return Refused(Refusal(409, "Several events", detail, members={"sources": list(ambiguous.sources)}))


def _not_now(error: Exception) -> Refused:
    return Refused(Refusal(503, "Not now", str(error), headers=(("retry-after", "1"),)))


def _unknown(event: str) -> Refused:
    hint = "ids are whole here, and what retention dropped is gone already"
    return Refused(Refusal(404, "No such event", f"no event {event[:60]!r}; {hint}"))
