"""`POST /v1/events`: a bare ASGI function, because a framework would take half the time of a request."""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter

import msgspec
import structlog
from starlette.types import Receive, Scope, Send

from hookwright.engine.intake.door import REQUEST_LIMIT
from hookwright.engine.intake.rejected import Rejected

from .body import BODY_SECONDS, Gone, read_body, too_large
from .exchange import EXTENSION, Exchange
from .express import Headers, Reply
from .metrics import Metrics
from .parts import Accept
from .problems import INTERNAL, MEDIA_TYPE, SECURITY_HEADERS, Refusal, Refused, from_rejected

_JSON = b"application/json"
_HEAD = b"".join(b"%b: %b\r\n" % pair for pair in ((b"content-type", _JSON), *SECURITY_HEADERS))
_ADVICE = "; send smaller batches"
_encode = msgspec.json.Encoder().encode
_log = structlog.get_logger("hookwright.api")


class Events:
    """Reads a request body within its limits, hands it to intake, and answers 202 or a problem."""

    def __init__(self, accept: Accept, metrics: Metrics, body_seconds: float = BODY_SECONDS) -> None:
        self._accept = accept
        self._metrics = metrics
        self._body_seconds = body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        headers = _texts(scope["headers"])
        try:
            exchange: Exchange | None = scope.get(EXTENSION)
            body = exchange.body() if exchange else None
            if body is None or len(body) > REQUEST_LIMIT:
                body = await self._read(headers, receive)
            encoded = await self._accepted(headers, body, started)
        except Gone:
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, the sender gets an answer and the log the rest
            await send_refusal(send, self._refused(error))
            return
        if exchange is None or not exchange.answer(202, _HEAD, encoded):
            await _respond(send, 202, encoded, _JSON)

    async def take(self, headers: Headers, body: bytes) -> Reply:
        """The same for a request whose body is there already."""
        started = perf_counter()
        try:
            if len(body) > REQUEST_LIMIT:
                raise too_large(REQUEST_LIMIT, _ADVICE)
            return Reply(202, _HEAD, await self._accepted(_texts(headers), body, started))
        except Exception as error:  # noqa: BLE001 - as above
            return _reply(self._refused(error))

    async def _accepted(self, headers: Mapping[str, str], body: bytes, started: float) -> bytes:
        answer = await self._accept(body, headers.get("content-type", ""), headers)
        self._metrics.accepted(answer, perf_counter() - started)
        return _encode(answer)

    async def _read(self, headers: dict[str, str], receive: Receive) -> bytes:
        length = headers.get("content-length")
        return await read_body(length, receive, REQUEST_LIMIT, self._body_seconds, _ADVICE)

    def _refused(self, error: Exception) -> Refusal:
        if isinstance(error, Refused):
            refusal = error.refusal
        elif isinstance(error, Rejected):
            refusal = from_rejected(error)
        else:
            _log.error("request failed", exc_info=error)
            refusal = INTERNAL
        self._metrics.refused(refusal.status)
        return refusal


def _texts(headers: Headers) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}


def _reply(refusal: Refusal) -> Reply:
    extra = [(name.encode(), value.encode("latin-1")) for name, value in refusal.headers]
    headers = ((b"content-type", MEDIA_TYPE.encode()), *SECURITY_HEADERS, *extra)
    head = b"".join(b"%b: %b\r\n" % pair for pair in headers)
    return Reply(refusal.status, head, refusal.body(), refusal.closes)


async def send_refusal(send: Send, refusal: Refusal) -> None:
    """Answers with a problem document."""
    extra = [(name.encode(), value.encode("latin-1")) for name, value in refusal.headers]
    if refusal.closes:
        extra.append((b"connection", b"close"))
    await _respond(send, refusal.status, refusal.body(), MEDIA_TYPE.encode(), extra)


async def _respond(
    send: Send, status: int, body: bytes, media: bytes, extra: list[tuple[bytes, bytes]] | None = None
) -> None:
    headers = [(b"content-type", media), (b"content-length", b"%d" % len(body)), *SECURITY_HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": headers + (extra or [])})
    await send({"type": "http.response.body", "body": body})
