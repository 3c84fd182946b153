"""A real mail server, and a network that leads to it whatever host and port are named."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

HOST = "mail.test"
USER, PASSWORD = "hooks", "s3cret-Zq7"


class Mails:
    """What the server was given, and what it answers: by address to RCPT, and to all to DATA."""

    def __init__(self, rcpt: dict[str, str] | None = None, data: str = "250 taken") -> None:
        self.taken: list[Any] = []
        self.tls: list[bool] = []
        self.rcpt = rcpt or {}
        self.data = data

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:  # noqa: N802
        answer = self.rcpt.get(address, "250 fine")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802
        if self.data.startswith("250"):
            self.taken.append(envelope)
            self.tls.append(session.ssl is not None)
        return self.data


class MailServer:
    """aiosmtpd on a port of its own, in a thread of its own."""

    def __init__(self, mails: Mails, *, tls: ssl.SSLContext | None = None, **options: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        served = self._loop.create_server(lambda: SMTP(mails, **options), "127.0.0.1", 0, ssl=tls)
        self._server = asyncio.run_coroutine_threadsafe(served, self._loop).result()
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Wire:
    """The network of these tests. Keeps what was asked for."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.asked: list[tuple[str, int]] = []

    def connect(self, host: str, port: int, timeout: float) -> socket.socket:
        self.asked.append((host, port))
        return socket.create_connection(("127.0.0.1", self.port), timeout)


def post(prepared: requests.PreparedRequest) -> int:
    """Sends what a notifier handed back; the status of the answer."""
    prepared.prepare_content_length(prepared.body)  # which is for whoever sends it
    with requests.Session() as session:
        return session.send(prepared).status_code


def authenticate(server, session, envelope, mechanism, data) -> AuthResult:
    known = isinstance(data, LoginPassword) and data == LoginPassword(USER.encode(), PASSWORD.encode())
    return AuthResult(success=known, handled=False)


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def tls(authority: trustme.CA) -> ssl.SSLContext:
    return server_context(authority, HOST)


def server_context(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


@pytest.fixture
def mail_server() -> Iterator[Callable[..., Wire]]:
    """`mail_server(mails, tls_context=...)` starts a server; the network that leads to it."""
    servers: list[MailServer] = []

    def start(mails: Mails, **options: Any) -> Wire:
        servers.append(MailServer(mails, **options))
        return Wire(servers[-1].port)

    yield start
    for server in servers:
        server.stop()
