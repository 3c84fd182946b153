"""`/v1/deliveries/{id}/replay`: sends a delivery that has ended once more."""

from __future__ import annotations

import re

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from hookwright.engine.delivery import Status
from hookwright.engine.errors import JournalError
from hookwright.engine.history.index_view import HistoryUnavailable
from hookwright.engine.intake.replaying import NotReplayable, OfferingFull
from hookwright.engine.journal.opened import Replayed

from .actor import actor_of
from .parts import Parts
from .problems import Refusal, Refused
from .why import read_why

_DELIVERY = re.compile(r"dlv_[a-z2-7]{26}")


async def replay_delivery(request: Request) -> Response:
    """A new delivery of the same message and bytes, on disk when this is answered (202)."""
    parts: Parts = request.app.state.parts
    identifier = request.path_params["id"]
    why = await read_why(request)
    if not _DELIVERY.fullmatch(identifier):
        raise _unknown(identifier)
    try:
        replayed = await run_in_threadpool(parts.replay, identifier, actor_of(request.scope), why)
    except NotReplayable as reason:
        raise Refused(
            Refusal(409, "Cannot be replayed", str(reason), members={"state": reason.state})
        ) from None
    except (HistoryUnavailable, OfferingFull, JournalError) as error:
        wait = 1 if isinstance(error, HistoryUnavailable) else 5
        raise Refused(
            Refusal(503, "Not replayed", str(error), headers=(("retry-after", str(wait)),))
        ) from None
    if replayed is None:
        raise _unknown(identifier)
    return _answer(replayed)


def _answer(replayed: Replayed) -> Response:
    said = {
        "id": replayed.id,
        "of": replayed.of,
        "round": replayed.round,
        "message": replayed.message,
        "entityType": replayed.entity_type,
        "entityId": replayed.entity_id,
        "status": Status.IN_QUEUE,
    }
    headers = {"location": f"/v1/deliveries/{replayed.id}"}
    return Response(msgspec.json.encode(said), 202, headers, "application/json")


def _unknown(identifier: str) -> Refused:
    hint = "GET /v1/deliveries?id=… finds deliveries by the beginning of their id"
    return Refused(Refusal(404, "No such delivery", f"no delivery {identifier[:60]!r}; {hint}"))
