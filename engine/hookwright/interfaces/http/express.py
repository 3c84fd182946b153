"""Express: events that came in whole with one read go to their door without ASGI in between.

To uvicorn it is the cycle of a request and its answer, of which it asks no more than stands here.
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol, TypeAlias

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

Headers: TypeAlias = Sequence[tuple[bytes, bytes]]  # of a request, names in lower case


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; `head` holds header lines. With `closes` the connection ends with it."""

    status: int
    head: bytes
    body: bytes
    closes: bool = False


class Door(Protocol):
    """An application that takes events so, too."""

    def lets_in(self, headers: Headers) -> bool:
        """Whether a request for the door of events may be handed to `take`; else ASGI answers it."""
        ...

    def take(self, headers: Headers, body: bytes) -> Coroutine[Any, Any, Reply]: ...


class Express:
    """One request for the door of events, and its answer."""

    __slots__ = (
        "_protocol",
        "body",
        "disconnected",
        "keep_alive",
        "message_event",
        "more_body",
        "response_complete",
    )

    def __init__(self, protocol: HttpToolsProtocol) -> None:
        self._protocol = protocol
        self.keep_alive = True
        self.disconnected = self.response_complete = self.more_body = False
        self.message_event = self  # nobody waits for more of the request
        self.body = b""

    def set(self) -> None:
        """Something happened to the connection: nobody waits for that."""

    async def run(self, door: Door, headers: Headers, body: bytes) -> None:
        """Take the events and answer."""
        reply = await door.take(headers, body)
        self.response_complete = True
        protocol = self._protocol
        if self.disconnected or protocol.transport.is_closing():
            return
        closes = reply.closes or not self.keep_alive
        protocol.transport.write(
            b"%b%b%b%bcontent-length: %d\r\n\r\n%b"
            % (
                STATUS_LINE[reply.status],
                _usual(tuple(protocol.server_state.default_headers)),
                reply.head,
                b"connection: close\r\n" if closes else b"",
                len(reply.body),
                reply.body,
            )
        )
        if closes:
            protocol.transport.close()
        protocol.on_response_complete()


@lru_cache(maxsize=2)  # they change once a second
def _usual(headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """The header lines of every answer."""
    return b"".join([b"%b: %b\r\n" % pair for pair in headers])
