"""The one table of routes: where each leads, and what role it needs. Router and gate are made from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, compile_path
from starlette.types import ASGIApp

from ..roles import Role
from .deliveries import list_deliveries, show_delivery
from .editing import create_webhook, delete_webhook, replace_webhook
from .expunging import expunge_event, show_expunge
from .health import livez, readyz
from .jobs import cancel_replays, list_replays, show_replays, start_replays
from .metrics import metrics
from .replays import replay_delivery
from .runs import cancel_run, list_runs, show_run
from .subscribers import (
    disable_subscriber,
    enable_subscriber,
    list_subscribers,
    pause_subscriber,
    ping_subscriber,
    resume_subscriber,
    shake_hands,
    show_subscriber,
)
from .tokens import create_token, list_tokens, revoke_token
from .webhooks import list_webhooks, show_webhook

EVENTS_PATH = "/v1/events"
Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Entry:
    """`method` at `path` leads to `endpoint` and needs `role`; None: anybody may.

    An `endpoint` of None is the door of events, which is answered without the router. HEAD goes with GET.
    """

    method: str
    path: str
    role: Role | None
    endpoint: Endpoint | None = None


ROUTES: tuple[Entry, ...] = (
    Entry("POST", EVENTS_PATH, Role.EMITTER),
    Entry("POST", "/v1/events/{id:path}/expunge", Role.ADMIN, expunge_event),
    Entry("GET", "/v1/events/{id:path}/expunge", Role.ADMIN, show_expunge),
    Entry("GET", "/v1/deliveries", Role.VIEWER, list_deliveries),
    Entry("GET", "/v1/deliveries/{id}", Role.VIEWER, show_delivery),
    Entry("GET", "/v1/runs", Role.VIEWER, list_runs),
    Entry("GET", "/v1/runs/{id}", Role.VIEWER, show_run),
    Entry("POST", "/v1/runs/{id}/cancel", Role.OPERATOR, cancel_run),
    Entry("GET", "/v1/subscribers", Role.VIEWER, list_subscribers),
    Entry("GET", "/v1/subscribers/{id:path}", Role.VIEWER, show_subscriber),
    Entry("POST", "/v1/subscribers/{id:path}/enable", Role.OPERATOR, enable_subscriber),
    Entry("POST", "/v1/subscribers/{id:path}/disable", Role.OPERATOR, disable_subscriber),
    Entry("POST", "/v1/subscribers/{id:path}/pause", Role.OPERATOR, pause_subscriber),
    Entry("POST", "/v1/subscribers/{id:path}/resume", Role.OPERATOR, resume_subscriber),
    Entry("POST", "/v1/subscribers/{id:path}/ping", Role.OPERATOR, ping_subscriber),
    Entry("POST", "/v1/subscribers/{id:path}/handshake", Role.OPERATOR, shake_hands),
    Entry("POST", "/v1/deliveries/{id}/replay", Role.OPERATOR, replay_delivery),
    Entry("POST", "/v1/replays", Role.OPERATOR, start_replays),
    Entry("GET", "/v1/replays", Role.VIEWER, list_replays),
    Entry("GET", "/v1/replays/{id}", Role.VIEWER, show_replays),
    Entry("DELETE", "/v1/replays/{id}", Role.OPERATOR, cancel_replays),
    Entry("POST", "/v1/webhooks", Role.ADMIN, create_webhook),
    Entry("GET", "/v1/webhooks", Role.VIEWER, list_webhooks),
    Entry("GET", "/v1/webhooks/{id}", Role.VIEWER, show_webhook),
    Entry("PUT", "/v1/webhooks/{id}", Role.ADMIN, replace_webhook),
    Entry("DELETE", "/v1/webhooks/{id}", Role.ADMIN, delete_webhook),
    Entry("POST", "/v1/tokens", Role.ADMIN, create_token),
    Entry("GET", "/v1/tokens", Role.ADMIN, list_tokens),
    Entry("DELETE", "/v1/tokens/{name}", Role.ADMIN, revoke_token),
    Entry("GET", "/livez", None, livez),
    Entry("GET", "/readyz", None, readyz),
    Entry("GET", "/metrics", Role.VIEWER, metrics),
)


class Table:
    """Routes as the gate and the router ask for them. The first entry that fits decides, for both alike."""

    def __init__(self, entries: Sequence[Entry] = ROUTES) -> None:
        self._entries = [(compile_path(entry.path)[0], entry) for entry in entries]
        self._found: dict[tuple[str, str], Role | None] = {}  # of paths without a gap, looked up once
        for entry in entries:
            if "{" not in entry.path:
                self._found[entry.method, entry.path] = self.need(entry.method, entry.path)

    def need(self, method: str, path: str) -> Role | None:
        """The role a request needs, None for none. What is not in the table needs the highest.

        So a route that was forgotten here is closed, and only an administrator learns what is not there.
        """
        if (method, path) in self._found:
            return self._found[method, path]
        asked = "GET" if method == "HEAD" else method
        return next((entry.role for entry in self._at(path) if entry.method == asked), Role.ADMIN)

    def allowed(self, path: str) -> tuple[str, ...]:
        """The methods there are at a path."""
        return tuple(sorted({entry.method for entry in self._at(path)}))

    def routes(self, events: ASGIApp) -> list[Route]:
        """What the router is made of; `events` is the door of events."""
        return [
            Route(entry.path, entry.endpoint or events, methods=[entry.method]) for _, entry in self._entries
        ]

    def _at(self, path: str) -> Iterator[Entry]:
        return (entry for expression, entry in self._entries if expression.match(path))
