"""One call over a connection of its own: pinned to checked addresses, bounded in time, size and patience."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from http.client import HTTPException
from typing import Final, Literal, TypeAlias

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util import SKIP_HEADER

from ...delivery import Timing
from . import (
    CONNECT_LIMIT,
    NOT_PERMITTED,
    RESPONSE_BODY_LIMIT,
    Call,
    Judge,
    PermitEnded,
    Reply,
    check_permit,
)
from .answer import Answer, HeadRefused
from .head import Head
from .opening import SocketRefused, open_socket
from .request_line import is_secure, request_target
from .trust import Trust

Phase: TypeAlias = Literal["connect", "tls", "send", "head", "body"]

_CHUNK = 64 * 1024
_BY_PHASE: Final[dict[Phase, str]] = {"connect": "connect", "tls": "tls"}


class Exchange:
    """Performs one call. `abort` may be called from another thread and makes `perform` end soon."""

    def __init__(self, call: Call, judge: Judge, trust: Trust) -> None:
        self.call = call
        self.head = Head()
        self._judge = judge
        self._trust = trust
        self._body: list[bytes] = []
        self._phase: Phase = "connect"
        self._started = time.monotonic()
        self._passed: dict[Phase, float] = {}
        self._socket: socket.socket | None = None
        self._aborted = False
        self.answer: Answer | None = None

    def perform(self) -> Reply:
        """Never raises for the network; what it raises is our own mistake."""
        try:
            target = request_target(self.call.url)
            connection = self._connection()
        except ssl.SSLError as failure:
            return self._reply(("tls", f"the certificate cannot be used: {failure.reason}"), truncated=False)
        except ValueError as failure:
            return self._reply(("protocol", str(failure)), truncated=False)
        truncated = False
        error: tuple[str, str] | None = None
        try:
            connection.connect()
            check_permit(self.call)
            self._enter("send")
            self._send(connection, target)
            self._enter("head")
            response = (
                connection.getresponse()
            )  # urllib3 closes the answer with it: keep it until we have read
            self._enter("body")
            truncated = self._read_body()
            response.close()
        except (PermitEnded, SocketRefused, HeadRefused, HTTPException, OSError, ValueError) as failure:
            truncated = True
            error = self._classify(failure)
        finally:
            connection.close()
            if self.answer is not None:
                self.answer.close()
        return self._reply(error, truncated=truncated)

    def abort(self) -> None:
        self._aborted = True
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def seconds_left(self) -> float:
        """Raises TimeoutError when the call's time is over."""
        left = self._started + self.call.timeout - time.monotonic()
        if left <= 0 or self._aborted:
            raise TimeoutError(f"no complete answer within {self.call.timeout:g} s")
        return left

    def open(self) -> socket.socket:
        """A connected socket to the first checked address that takes one."""
        failure: OSError | None = None
        for address in self.call.addresses:
            try:
                return self._connect(address)
            except OSError as error:
                failure = error
        raise failure or SocketRefused("the call has no checked address")

    def _connect(self, address: str) -> socket.socket:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        peer = (address, self.call.port)
        opened = open_socket((family, socket.SOCK_STREAM, socket.IPPROTO_TCP, peer), self.call, self._judge)
        self._socket = opened
        try:
            opened.settimeout(min(self.seconds_left(), CONNECT_LIMIT))
            opened.connect(peer)
            self._enter("tls" if is_secure(self.call.url) else "send")
            if opened.getpeername()[:2] != peer:
                raise SocketRefused("the connection leads to an address that was not checked")
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            opened.settimeout(min(self.seconds_left(), CONNECT_LIMIT))
        except BaseException:
            opened.close()
            raise
        return opened

    def _connection(self) -> HTTPConnection:
        call = self.call
        if is_secure(call.url):
            return _SecureConnection(
                self, call.host, call.port, ssl_context=self._trust.context(call.identity)
            )
        return _PlainConnection(self, call.host, call.port)

    def _send(self, connection: HTTPConnection, target: str) -> None:
        pairs = self.call.headers
        if not any(name.lower() == "user-agent" for name, _ in pairs):
            pairs = (*pairs, ("User-Agent", SKIP_HEADER))
        connection.timeout = self.seconds_left()
        connection.request(self.call.method, target, self.call.body, _Pairs(pairs), preload_content=False)

    def _read_body(self) -> bool:
        """Reads up to the limit; whether there was more, or less than announced."""
        assert self.answer is not None
        room = RESPONSE_BODY_LIMIT
        while chunk := self.answer.read1(_CHUNK):
            self._body.append(chunk[:room])
            if len(chunk) > room:
                return True
            room -= len(chunk)
        return bool(self.answer.length)

    def _enter(self, phase: Phase) -> None:
        self._passed[self._phase] = time.monotonic() - self._started
        self._phase = phase

    def _reply(self, error: tuple[str, str] | None, *, truncated: bool) -> Reply:
        head = self.head
        if head.complete:
            return head.answered(b"".join(self._body), truncated=truncated, timing=self._timing())
        kind, message = error or ("protocol", "the connection ended before the headers did")
        return Reply(head.status, False, error=kind, message=message, timing=self._timing())

    def _timing(self) -> Timing:
        secure = is_secure(self.call.url)
        return Timing(
            connect=self._passed.get("connect", 0.0),
            tls=self._passed.get("tls", 0.0) if secure else 0.0,
            first_byte=self._passed.get("head", 0.0),
            total=time.monotonic() - self._started,
        )

    def _classify(self, failure: Exception) -> tuple[str, str]:
        message = str(failure) or type(failure).__name__
        match failure:
            case PermitEnded() | SocketRefused():
                return NOT_PERMITTED if isinstance(failure, PermitEnded) else "blocked_target", message
            case HeadRefused():
                return "protocol", self.head.complaint
            case TimeoutError():
                return "timeout", message
            case ssl.SSLError():
                return "tls", message
            case OSError():  # http.client's RemoteDisconnected is one, too
                return _BY_PHASE.get(self._phase, "reset"), message
        return "protocol", message


class _PlainConnection(HTTPConnection):
    def __init__(self, exchange: Exchange, host: str, port: int) -> None:
        super().__init__(host, port)
        self.response_class = partial(Answer, exchange)  # type: ignore[assignment]  # called like the class
        self._exchange = exchange

    def _new_conn(self) -> socket.socket:
        return self._exchange.open()


class _SecureConnection(HTTPSConnection):
    def __init__(self, exchange: Exchange, host: str, port: int, *, ssl_context: ssl.SSLContext) -> None:
        super().__init__(host, port, ssl_context=ssl_context)
        self.response_class = partial(Answer, exchange)  # type: ignore[assignment]  # called like the class
        self._exchange = exchange

    def _new_conn(self) -> socket.socket:
        return self._exchange.open()


class _Pairs(Mapping[str, str]):
    """Headers for urllib3, every pair as it is: its own container would gather doubles under one spelling."""

    def __init__(self, pairs: tuple[tuple[str, str], ...]) -> None:
        self._pairs = pairs

    def items(self) -> tuple[tuple[str, str], ...]:  # type: ignore[override]  # all that urllib3 asks for
        return self._pairs

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._pairs)

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, name: str) -> str:
        return next(value for own, value in self._pairs if own == name)
