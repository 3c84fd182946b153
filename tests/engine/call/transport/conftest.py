"""Receivers on loopback, as good or as evil as their script, and both transports to call them with."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import struct
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeAlias

import pytest
import trustme
from msgspec import structs

from hookwright.engine.call.transport import Call, Reply, Transport, select

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Request:
    """One request as it came in, byte for byte."""

    head: bytes
    body: bytes
    connection: int

    @property
    def lines(self) -> list[bytes]:
        return self.head.split(b"\r\n")

    def header(self, name: str) -> list[bytes]:
        start = name.lower().encode() + b":"
        return [line.partition(b":")[2].strip() for line in self.lines if line.lower().startswith(start)]


@dataclass
class Line:
    """One connection of a receiver. `number` counts from 0."""

    socket: socket.socket
    receiver: Receiver
    number: int
    _rest: bytes = b""

    def request(self) -> Request | None:
        """The next whole request, or None at the end of the stream."""
        while b"\r\n\r\n" not in self._rest:
            if not self._more():
                return None
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        request = Request(head, b"", self.number)
        length = int((request.header("content-length") or [b"0"])[0])
        while len(self._rest) < length:
            if not self._more():
                return None
        request.body, self._rest = self._rest[:length], self._rest[length:]
        self.receiver.requests.append(request)
        return request

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def drip(self, data: bytes, seconds: float = 0.1) -> None:
        """Sends one byte after the other, forever slow."""
        for byte in data:
            self.send(bytes([byte]))
            if self.wait(seconds):
                return

    def wait(self, seconds: float = 30.0) -> bool:
        """Holds still until the test is over."""
        return self.receiver.over.wait(seconds)

    def reset(self) -> None:
        """Closes with RST instead of FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def _more(self) -> bool:
        data = self.socket.recv(65_536)
        self._rest += data
        return bool(data)


Script: TypeAlias = Callable[[Line], None]


@dataclass
class Receiver:
    """Listens on a loopback port and runs `script` for every connection, each in its own thread."""

    script: Script
    tls: ssl.SSLContext | None = None
    address: str = "127.0.0.1"
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self.over = threading.Event()
        self.hung_up = threading.Semaphore(0)  # released after each connection we have closed
        self._open: list[socket.socket] = []
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        self._listener = socket.create_server((self.address, 0), family=family, backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        self.over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()

    def _accept(self) -> None:
        while not self.over.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(20)
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection, self.connections))
            self.connections += 1
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with suppress(OSError):  # the caller hangs up whenever it likes
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            self.script(Line(connection, self, number))
        connection.close()
        self.hung_up.release()


@pytest.fixture
def receive() -> Iterator[Callable[..., Receiver]]:
    """Makes receivers: `receive(script, tls=context)`."""
    made: list[Receiver] = []

    def make(script: Script, **options: object) -> Receiver:
        made.append(Receiver(script, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for receiver in made:
        receiver.close()


@dataclass
class Caller:
    """Calls a receiver over one transport and waits for the reply."""

    kind: str
    transport: Transport
    timeout: float = 5.0

    def call_for(self, receiver: Receiver, **changes: object) -> Call:
        call = Call(
            method="POST",
            url=f"{'https' if receiver.tls else 'http'}://receiver.test:{receiver.port}/hook?a=1",
            headers=(("Content-Type", "application/json"), ("User-Agent", "Hookwright/test")),
            body=b'{"a":1}',
            timeout=self.timeout,
            host="receiver.test",
            port=receiver.port,
            addresses=(receiver.address,),
        )
        return structs.replace(call, **changes)  # type: ignore[arg-type]

    def __call__(self, receiver: Receiver, **changes: object) -> Reply:
        return self.send(self.call_for(receiver, **changes))

    def send(self, call: Call) -> Reply:
        replies: list[Reply] = []
        answered = threading.Event()

        def done(reply: Reply) -> None:
            replies.append(reply)
            answered.set()

        self.transport.submit(call, done)
        assert answered.wait(call.timeout + 10), "no reply came"
        assert len(replies) == 1
        return replies[0]


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def roots(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file with the one root the transports of these tests trust."""
    path = tmp_path_factory.mktemp("tls") / "roots.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def server_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@pytest.fixture(scope="session")
def tls(authority: trustme.CA) -> dict[str, ssl.SSLContext]:
    """Servers' certificates by what is wrong with them."""
    past = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    future = dt.datetime(2999, 1, 1, tzinfo=dt.UTC)
    later = dt.datetime(2999, 1, 2, tzinfo=dt.UTC)
    stranger = trustme.CA().issue_cert("receiver.test")
    asking = server_context(authority.issue_cert("receiver.test"))
    authority.configure_trust(asking)
    asking.verify_mode = ssl.CERT_REQUIRED
    asking.maximum_version = ssl.TLSVersion.TLSv1_2
    old = server_context(authority.issue_cert("receiver.test"))
    old.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that it is old is the point
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1
    newer = server_context(authority.issue_cert("receiver.test"))
    authority.configure_trust(newer)
    newer.verify_mode = ssl.CERT_REQUIRED
    newer.minimum_version = ssl.TLSVersion.TLSv1_3
    return {
        "not yet valid": server_context(
            authority.issue_cert("receiver.test", not_before=future, not_after=later)
        ),
        "TLS 1.0": old,
        "asks for a certificate, TLS 1.3": newer,
        "good": server_context(authority.issue_cert("receiver.test")),
        "expired": server_context(authority.issue_cert("receiver.test", not_after=past)),
        "wrong host": server_context(authority.issue_cert("other.test")),
        "wildcard of another level": server_context(authority.issue_cert("*.receiver.test")),
        "unknown authority": server_context(stranger),
        "asks for a certificate": asking,
    }


@pytest.fixture(params=["curl", "requests"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def caller(kind: str, roots: str) -> Iterator[Caller]:
    """Both transports in turn, with every loopback address allowed and the test roots trusted."""
    transport = select(kind, lambda address, port: None, ca=roots)  # type: ignore[arg-type]
    yield Caller(kind, transport)
    transport.close()
