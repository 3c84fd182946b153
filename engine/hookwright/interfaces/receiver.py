"""A receiver for trying things out: an HTTP server that tells what arrives and answers by a script."""

from __future__ import annotations

import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

BODY_LIMIT = 16 * 1024 * 1024  # bytes; nothing Hookwright sends is larger
_REMEMBERED = 10_000  # messages whose number of tries is kept
_IDLE_SECONDS = 60.0
_LAST_ANSWERS = 2.0  # seconds


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request that came in. `at` is Unix time in seconds; `status` is what it was answered."""

    at: float
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    status: int

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    def header(self, name: str) -> str | None:
        """The first header of that name, in any case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Script:
    """Answers in order, the last one for ever. `paths` have scripts of their own.

    Every message (`webhook-id`) goes through its path's script by itself, so that `500, 500, 200` means two
    failures and a success for each.
    """

    answers: Sequence[int] = (200,)
    paths: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def answer(self, path: str, tries: int) -> int:
        """The status for the request number `tries` (from 0)."""
        answers = self.paths.get(path, self.answers)
        return answers[min(tries, len(answers) - 1)]


class Receiver:
    """Listens from construction on, serves between `start` and `stop` (or as a context manager).

    `on_arrival` is called for each request, from a thread of its connection, before the answer is sent.
    `headers` stand in every answer.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        script: Script | None = None,
        delay: float = 0.0,
        on_arrival: Callable[[Arrival], None] | None = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.headers = headers
        self._script = script or Script()
        self._delay = delay
        self._on_arrival = on_arrival or _ignore
        self._tries: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._server = _Server((host, port), self)
        self._thread = threading.Thread(target=self._serve, name="receiver", daemon=True)

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}" if ":" not in str(host) else f"http://[{host!s}]:{port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Closes the listening socket and every connection; what was taken down is answered first."""
        self._stopped.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.finish(_LAST_ANSWERS)
        self._server.close_all()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def receive(self, method: str, target: str, headers: tuple[tuple[str, str], ...], body: bytes) -> int:
        """Takes one request down and says which status to answer."""
        message = next((value for name, value in headers if name.lower() == "webhook-id"), "")
        path = target.partition("?")[0]
        status = self._script.answer(path, self._count(path, message))
        self._on_arrival(Arrival(time.time(), method, target, headers, body, status))
        if self._delay:
            self._stopped.wait(self._delay)
        return status

    def _count(self, path: str, message: str) -> int:
        with self._lock:
            tries = self._tries.pop((path, message), 0)
            self._tries[path, message] = tries + 1
            if len(self._tries) > _REMEMBERED:
                self._tries.popitem(last=False)
            return tries

    def _serve(self) -> None:
        self._server.serve_forever(poll_interval=0.05)


def _ignore(_arrival: Arrival) -> None:
    """Nobody asked to be told."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def __init__(self, address: tuple[str, int], receiver: Receiver) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        self.receiver = receiver
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        self._answering = 0
        self._answered = threading.Condition()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        # HTTPServer's own would look the machine's name up in DNS, which can take seconds.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that hangs up in the middle is nothing to report."""

    @contextmanager
    def answering(self) -> Iterator[None]:
        """A request was read and is being answered."""
        with self._answered:
            self._answering += 1
        try:
            yield
        finally:
            with self._answered:
                self._answering -= 1
                self._answered.notify_all()

    def finish(self, seconds: float) -> None:
        """Wait, no longer than that, until what was read is answered."""
        with self._answered:
            self._answered.wait_for(lambda: not self._answering, seconds)

    def close_all(self) -> None:
        self.server_close()
        with self._open_lock:
            connections = list(self._open)
        for connection in connections:
            self.shutdown_request(connection)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keep-alive
    disable_nagle_algorithm = True
    timeout = _IDLE_SECONDS
    server: _Server

    def answer(self) -> None:
        if "Transfer-Encoding" in self.headers:
            self._reply(411)
            return
        length = self.headers.get("Content-Length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > BODY_LIMIT:
            self._reply(413)
            return
        body = self.rfile.read(int(length))
        headers = tuple((name, value) for name, value in self.headers.items())
        with self.server.answering():
            self._reply(self.server.receiver.receive(self.command, self.path, headers, body), keep=True)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = answer  # noqa: N815 - http.server's names

    def _reply(self, status: int, *, keep: bool = False) -> None:
        text = b"" if self.command == "HEAD" or status == 204 else b'{"received":true}'
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
        for name, value in self.server.receiver.headers:
            self.send_header(name, value)
        if not keep:
            self.close_connection = True
            self.send_header("Connection", "close")
        head = b"".join([*self._headers_buffer, b"\r\n"])  # one write, so that one packet carries the answer
        self._headers_buffer: list[bytes] = []
        self.wfile.write(head + text)

    def version_string(self) -> str:
        return "Hookwright-listen"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Nothing: `on_arrival` tells what came."""
