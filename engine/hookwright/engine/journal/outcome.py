"""The lines the bookkeeper writes: `attempt`, `lease_lost`, `held` and `settled`, built from results."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import UNSET, Struct, UnsetType, structs

from ..delivery import TERMINAL_STATUS, LappRecord, Received, Result, Sent, Status, Timing
from ..instant import timestamp
from .line import LINE_LIMIT
from .writer import Entry, encode_fields

_MOST = (
    LINE_LIMIT // 6 // 4
)  # characters; JSON may need six bytes for one, and a line has up to four such texts


class Attempt(Struct, frozen=True, kw_only=True):
    """The fields of an `attempt` or `lease_lost` line. `ended` is when the worker knew the outcome.

    In a `lease_lost` line the try is not spent: the worker lost its claim, and what it saw is kept.
    `lapp` tells of a Lapp that was called; its value is the body of `response`.
    """

    delivery: str
    attempt: int
    worker: str
    revision: str
    request: Sent | None
    response: Received | None
    outcome: str
    error: str | None
    reason: str
    timing: Timing | None
    next: str | None
    ended: str
    lapp: LappRecord | UnsetType = UNSET


class Held(Struct, frozen=True, kw_only=True):
    """The fields of a `held` line: no attempt could be made, and why."""

    delivery: str
    worker: str
    revision: str
    error: str | None
    reason: str
    next: str | None


class Settled(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The fields of a `settled` line: the one and only terminal line of a delivery. `notify` are the ids of
    the notifiers to be told.
    """

    delivery: str
    status: Status
    reason: str
    attempts: int
    notify: tuple[str, ...] = ()


Booked = Attempt | Held | Settled

SHAPES: dict[str, type[Attempt] | type[Held] | type[Settled]] = {
    "attempt": Attempt,
    "lease_lost": Attempt,
    "held": Held,
    "settled": Settled,
}


def entries(result: Result, attempts: int, *, recorded: bool = False) -> list[Entry]:
    """The lines one result becomes. `attempts` are the tries spent before it.

    `recorded` says that its `attempt` line is there already and only the `settled` line is missing.
    """
    if result.outcome == "held":
        return [_entry("held", result, _held)]
    if result.outcome == "lost":
        return [_entry("lease_lost", result, _attempt)]
    tried = result.outcome in {"success", "retry", "failure", "split"}
    lines: list[Entry] = []
    if (tried or result.request) and not recorded:
        lines.append(_entry("attempt", result, _attempt))
    status = TERMINAL_STATUS.get(result.outcome)
    if status is not None:
        spent = max(attempts, result.attempt) if tried else attempts
        lines.append(_entry("settled", result, lambda result: _settled(result, status, spent)))
    return lines


def _entry(kind: str, result: Result, fields_of: Callable[[Result], Booked]) -> Entry:
    """A line about a result. Only of one that is long it has to be asked whether it is too long."""
    fields = fields_of(result)
    raw = encode_fields(fields)
    if len(raw) > _MOST:
        fields = fields_of(_bounded(result))
        raw = encode_fields(fields)
    return Entry(kind, fields, raw)


def attempt_of(result: Result) -> Attempt:
    """What an `attempt` or `lease_lost` line says. Headers and bodies beyond all reason are left out."""
    return _attempt(_bounded(result))


def _settled(result: Result, status: Status, attempts: int) -> Settled:
    return Settled(
        delivery=result.delivery,
        status=status,
        reason=result.reason,
        attempts=attempts,
        notify=result.notify,
    )


def _attempt(result: Result) -> Attempt:
    return Attempt(
        delivery=result.delivery,
        attempt=result.attempt,
        worker=result.worker,
        revision=result.revision,
        request=result.request,
        response=result.response,
        outcome=result.outcome,
        error=result.error,
        reason=result.reason,
        timing=result.timing,
        next=_instant(result.next),
        ended=timestamp(result.at),
        lapp=result.lapp or UNSET,
    )


def _bounded(result: Result) -> Result:
    """A result that fits a line whatever it holds: one that did not would hold up all others for good."""
    request, response = result.request, result.response
    if request and len(request.url) + _size(request.headers) > _MOST:
        request = structs.replace(request, url=request.url[:_MOST], headers=())
    if response and len(response.body) + _size(response.headers) > _MOST:
        response = structs.replace(response, body="", headers=(), truncated=True)
    if request is result.request and response is result.response and len(result.reason) <= _MOST:
        return result
    return structs.replace(result, request=request, response=response, reason=result.reason[:_MOST])


def _size(headers: tuple[tuple[str, str], ...]) -> int:
    return sum(len(name) + len(value) for name, value in headers)


def _held(result: Result) -> Held:
    return Held(
        delivery=result.delivery,
        worker=result.worker,
        revision=result.revision,
        error=result.error,
        reason=result.reason,
        next=_instant(result.next),
    )


def _instant(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else timestamp(milliseconds)
