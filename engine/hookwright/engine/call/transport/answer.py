"""http.client's response under our rules: a deadline for every read, and each line of the head judged."""

from __future__ import annotations

import io
import socket
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Protocol

from .head import Head

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class HeadRefused(Exception):
    """The answer's head breaks a rule; the exchange's `head.complaint` says which."""


class Reading(Protocol):
    """What an answer needs of the exchange it belongs to; it enters itself there."""

    head: Head
    answer: Answer | None

    def seconds_left(self) -> float:
        """What is left of the total time; raises TimeoutError when nothing is."""
        ...


class Answer(HTTPResponse):
    """Reads an answer for an exchange, and interim answers before it (http.client knows only 100)."""

    def __init__(
        self, exchange: Reading, sock: socket.socket, debuglevel: int = 0, method: str | None = None
    ) -> None:
        super().__init__(sock, debuglevel, method)
        self.fp.close()
        self.fp = _Lines(_Timed(sock, exchange), exchange)
        exchange.answer = self

    def begin(self) -> None:
        super().begin()
        while self.status < 200:
            self.headers = self.msg = None  # type: ignore[assignment]  # so that it begins again
            super().begin()


class _Timed(io.RawIOBase):
    """A socket's bytes. No read may outlast the exchange, however slowly the bytes drip."""

    def __init__(self, sock: socket.socket, exchange: Reading) -> None:
        self._socket = sock
        self._stream = sock.makefile("rb", buffering=0)
        self._exchange = exchange

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        self._socket.settimeout(self._exchange.seconds_left())
        return self._stream.readinto(buffer)

    def close(self) -> None:
        self._stream.close()
        super().close()


class _Lines(io.BufferedReader):
    """Shows every line of the head, and nothing after it, to the exchange's `Head`."""

    def __init__(self, raw: io.RawIOBase, exchange: Reading) -> None:
        super().__init__(raw)
        self._head = exchange.head

    def readline(self, size: int | None = -1) -> bytes:
        line = super().readline(size)
        whole = line.endswith(b"\n") or len(line) == size
        if whole and not self._head.complete and not self._head.feed(line):
            raise HeadRefused
        return line
