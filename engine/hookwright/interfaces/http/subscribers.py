"""`/v1/subscribers`: how each stands, and switching it on and off."""

from __future__ import annotations

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from hookwright.engine.errors import JournalError
from hookwright.engine.history.index_view import HistoryUnavailable
from hookwright.engine.intake.rejected import Rejected
from hookwright.engine.journal.switch import Change
from hookwright.engine.subscribers import NoSense, NoSubscriber
from hookwright.rules.event import JSON

from .actor import actor_of
from .body import read_object
from .fields import Fault, invalid, unknown_keys
from .parts import Parts
from .problems import Refusal, Refused, from_rejected

REASON_LIMIT = 500  # characters


async def list_subscribers(request: Request) -> Response:
    """Every subscriber of the live configuration as it stands, ordered by id."""
    parts: Parts = request.app.state.parts
    try:
        return _json({"subscribers": await run_in_threadpool(parts.subscribers.all)})
    except HistoryUnavailable as error:
        raise _unavailable("History unavailable", error) from None


async def show_subscriber(request: Request) -> Response:
    """One subscriber, by its id, its name or the name of one of its endpoints."""
    parts: Parts = request.app.state.parts
    try:
        return _json(await run_in_threadpool(parts.subscribers.show, request.path_params["id"]))
    except NoSubscriber as error:
        raise _absent(error) from None
    except HistoryUnavailable as error:
        raise _unavailable("History unavailable", error) from None


async def enable_subscriber(request: Request) -> Response:
    """Switches on what was disabled."""
    return await _change(request, "enabled")


async def disable_subscriber(request: Request) -> Response:
    """Switches off, until somebody enables it."""
    return await _change(request, "disabled")


async def pause_subscriber(request: Request) -> Response:
    """Switches off, until somebody resumes it."""
    return await _change(request, "paused")


async def resume_subscriber(request: Request) -> Response:
    """Switches on what was paused."""
    return await _change(request, "resumed")


async def ping_subscriber(request: Request) -> Response:
    """Sends a sample to it alone, on or off; the answer names its deliveries as that to an event does."""
    parts: Parts = request.app.state.parts
    await _nothing(request)
    try:
        answer = await parts.ping(request.path_params["id"])
    except NoSubscriber as error:
        raise _absent(error) from None
    except Rejected as rejected:
        raise Refused(from_rejected(rejected)) from None
    return _json(answer, 202)


async def shake_hands(request: Request) -> Response:
    """Checks the receiver with HEAD and with an empty POST, and says what it makes of the answers."""
    parts: Parts = request.app.state.parts
    await _nothing(request)
    try:
        found = await run_in_threadpool(parts.handshake, request.path_params["id"])
    except NoSubscriber as error:
        raise _absent(error) from None
    return _json({"ok": all(each.ok for each in found), "endpoints": found})


async def _change(request: Request, change: Change) -> Response:
    """200 with the subscriber as it stands; 202 when the queue, being away, will only hear of it later."""
    parts: Parts = request.app.state.parts
    reason, by = await _reason(request), actor_of(request.scope)
    name = request.path_params["id"]
    try:
        done = await run_in_threadpool(parts.subscribers.change, name, change, reason=reason, by=by)
    except NoSubscriber as error:
        raise _absent(error) from None
    except NoSense as error:
        raise Refused(Refusal(409, "Not now", str(error), members={"state": error.state})) from None
    except JournalError as error:
        raise _unavailable("Journal unavailable", error) from None
    except HistoryUnavailable as error:
        raise _unavailable("History unavailable", error) from None
    said = {"changed": done.changed, "applied": done.applied, "subscriber": done.profile}
    return _json(said, 200 if done.applied else 202)


async def _nothing(request: Request) -> None:
    """No body, or an empty object: there is nothing to say."""
    faults = [*unknown_keys(await _object(request), ())]
    if faults:
        raise invalid(faults)


async def _object(request: Request) -> dict[str, JSON]:
    """The body; no body at all is an empty object."""
    headers = request.headers
    if headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers:
        return {}
    return await read_object(request)


async def _reason(request: Request) -> str:
    """`{"reason": "…"}`, or no body at all."""
    value = await _object(request)
    reason = value.get("reason", "")
    faults = [*unknown_keys(value, ("reason",))]
    if not isinstance(reason, str) or len(reason) > REASON_LIMIT or not reason.isprintable():
        faults.append(Fault("/reason", f"reason is one line of text of at most {REASON_LIMIT} characters"))
    if faults:
        raise invalid(faults)
    return str(reason)


def _absent(error: NoSubscriber) -> Refused:
    return Refused(Refusal(404, "No such subscriber", str(error)))


def _unavailable(title: str, error: Exception) -> Refused:
    return Refused(Refusal(503, title, str(error), (("retry-after", "1"),)))


def _json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")
