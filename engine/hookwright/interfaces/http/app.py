"""The API as one ASGI application: the gate, the hot path, and a router for everything else."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send

from .body import BODY_SECONDS
from .events import Events, send_refusal
from .express import Headers, Reply
from .gate import Gate
from .metrics import Metrics
from .parts import Parts
from .problems import SECURITY_HEADERS, Refused, answer_fault, answer_http_exception, answer_refused
from .routes import EVENTS_PATH


class API:
    """What there is stands in the gate's table; the gate decides for each request before it is routed."""

    def __init__(self, parts: Parts, gate: Gate, *, body_seconds: float = BODY_SECONDS) -> None:
        self._gate = gate
        numbers = Metrics(parts.history.counts, parts.depth, parts.history.notices, parts.resting)
        self._events = Events(parts.accept, numbers, body_seconds)
        self.routes = gate.table.routes(self._events)
        self._router = Starlette(
            routes=self.routes,
            exception_handlers={
                HTTPException: answer_http_exception,
                Refused: answer_refused,
                Exception: answer_fault,
            },
        )
        self._router.router.redirect_slashes = False  # a redirect would build its URL from the Host header
        self._router.state.parts = parts
        self._router.state.metrics = numbers
        self._router.state.allowed = gate.table.allowed

    def lets_in(self, headers: Headers) -> bool:
        """Whether a request for the door of events with these headers may be handed to `take`."""
        scope = {"method": "POST", "path": EVENTS_PATH, "headers": headers}
        return self._gate.judge(scope) is None

    def take(self, headers: Headers, body: bytes) -> Coroutine[Any, Any, Reply]:
        """Take the events of a request that was let in."""
        return self._events.take(headers, body)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._router(scope, receive, send)
            return
        refusal = self._gate.judge(scope)
        if refusal is not None:
            await send_refusal(send, refusal)
        elif scope["path"] == EVENTS_PATH and scope["method"] == "POST":
            await self._events(scope, receive, send)
        else:
            await self._router(scope, receive, _secured(send))


def _secured(send: Send) -> Send:
    """Adds the security headers to an answer of the router."""

    async def secured(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *SECURITY_HEADERS]}
        await send(message)

    return secured
