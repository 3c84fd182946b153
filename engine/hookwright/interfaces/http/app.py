"""The API as one ASGI application: the gate, the hot path, and a router for everything else."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .deliveries import list_deliveries, show_delivery
from .events import BODY_SECONDS, Events, send_refusal
from .gate import EVENTS_PATH, Gate
from .health import livez, readyz
from .metrics import Metrics, metrics
from .parts import Parts
from .problems import SECURITY_HEADERS, answer_fault, answer_http_exception


class API:
    """`routes` is the one table of what there is; the gate decides for each request before it is routed."""

    def __init__(self, parts: Parts, gate: Gate, *, body_seconds: float = BODY_SECONDS) -> None:
        self._gate = gate
        numbers = Metrics(parts.history.counts, parts.depth)
        self._events: ASGIApp = Events(parts.accept, numbers, body_seconds)
        self.routes = [
            Route(EVENTS_PATH, self._events, methods=["POST"]),
            Route("/v1/deliveries", list_deliveries),
            Route("/v1/deliveries/{id}", show_delivery),
            Route("/livez", livez),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
        ]
        self._router = Starlette(
            routes=self.routes,
            exception_handlers={HTTPException: answer_http_exception, Exception: answer_fault},
        )
        self._router.router.redirect_slashes = False  # a redirect would build its URL from the Host header
        self._router.state.parts = parts
        self._router.state.metrics = numbers

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
