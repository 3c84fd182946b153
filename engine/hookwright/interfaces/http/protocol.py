"""HTTP/1.1 as we take it: uvicorn's parser, with bounds on a request's head and one form of target."""

from __future__ import annotations

import asyncio
import resource
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .exchange import EXTENSION, Exchange
from .express import Door, Express
from .problems import MEDIA_TYPE, SECURITY_HEADERS, Refusal
from .routes import EVENTS_PATH

HEAD_LIMIT = 64 * 1024  # bytes of request line and headers
HEAD_SECONDS = 10.0  # for the whole head to arrive, counted from the connection or the head's first byte
# Half of the file descriptors stay for the journal, the index and Redis, whoever holds connections open.
CONNECTIONS = min(2048, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2)
_DOOR = EVENTS_PATH.encode()
_BAD = b"HTTP/1.1 400 Bad Request"
_FULL = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5"


class Protocol(HttpToolsProtocol):
    """One connection. What is not well formed is answered with 400 and the connection closed."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._head_bytes: int | None = None  # None: not inside a head
        self._head_timer: asyncio.TimerHandle | None = None
        self._held: list[bytes] | None = None  # the body so far of events that may come in whole
        self._door: Door | None = self.app if hasattr(self.app, "lets_in") else None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start_timer()
        if len(self.connections) > CONNECTIONS:
            self._refuse(_FULL, Refusal(503, "Too many connections", "close some, or try again in a while"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._held is not None:
            self._go_on()
        if self._head_bytes is None or self.transport.is_closing():
            return
        self._head_bytes += len(data)
        self._start_timer()
        if self._head_bytes > HEAD_LIMIT:
            self.send_400_response(f"request line and headers are longer than {HEAD_LIMIT} bytes")

    def on_message_begin(self) -> None:
        self.url = b""
        self.expect_100_continue = False
        self.headers = []
        self._head_bytes = 0

    def on_headers_complete(self) -> None:
        self._head_bytes = None
        self._stop_timer()
        if not self.url.startswith(b"/"):
            # `http://host/path` and `*` are legal, but then the Host header would not be the whole truth.
            raise ValueError("the target must be a path")
        if self.url == _DOOR and self._may_be_whole():
            self._held = []
        else:
            self._go_on()

    def on_body(self, body: bytes) -> None:
        if self._held is None:
            super().on_body(body)
        else:
            self._held.append(body)

    def on_message_complete(self) -> None:
        if self._held is None:
            super().on_message_complete()
            return
        assert self._door is not None
        body, self._held = b"".join(self._held), None
        express = self.cycle = Express(self)  # type: ignore[assignment]  # what uvicorn asks of it, it has
        task = self.loop.create_task(express.run(self._door, self.headers, body))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def _may_be_whole(self) -> bool:
        """Whether nothing speaks against taking the events at once if all of them are there."""
        parser = self.parser
        if parser.get_method() != b"POST" or parser.get_http_version() != "1.1" or self.expect_100_continue:
            return False
        if self._door is None or not parser.should_keep_alive() or parser.should_upgrade():
            return False
        idle = self.cycle is None or self.cycle.response_complete
        return idle and not self.flow.write_paused and self._door.lets_in(self.headers)

    def _go_on(self) -> None:
        """Let uvicorn have the request, and what there is of its body."""
        url, headers, expecting = self.url, self.headers, self.expect_100_continue
        held, self._held = self._held or (), None
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expecting
        self.headers += headers
        super().on_headers_complete()
        self.scope[EXTENSION] = Exchange(self.cycle)  # type: ignore[literal-required]
        for part in held:
            super().on_body(part)

    def send_400_response(self, msg: str) -> None:
        self._refuse(_BAD, Refusal(400, "Bad request", msg))

    def _refuse(self, start: bytes, refusal: Refusal) -> None:
        body = refusal.body()
        head = [
            start,
            b"content-type: " + MEDIA_TYPE.encode(),
            b"content-length: %d" % len(body),
            b"connection: close",
            *(name + b": " + value for name, value in SECURITY_HEADERS),
        ]
        self.transport.write(b"\r\n".join(head) + b"\r\n\r\n" + body)
        self.transport.close()

    def _start_timer(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        self._head_timer = None
        if not self.transport.is_closing():
            self.transport.close()
