"""Our server beside ASGI: a body that has come whole is taken, and an answer is written, in one go.

A request that waits for nothing then costs no timer, and its answer one write. Whatever is out of the
ordinary (a body still to come, a client that is slow or about to be hung up on) goes the way of ASGI.
"""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

EXTENSION = "hookwright.exchange"  # of a request's scope


class Exchange:
    """One request and its answer."""

    __slots__ = ("_cycle",)

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle

    def body(self) -> bytes | None:
        """The whole body if it is there and was not asked for before; None: `receive` has it."""
        cycle = self._cycle
        if cycle.more_body or cycle.disconnected or cycle.waiting_for_100_continue:
            return None
        return bytes(cycle.body)

    def answer(self, status: int, head: bytes, body: bytes) -> bool:
        """Write an answer; False, and nothing is written, where `send` has to. `head` holds header lines."""
        cycle = self._cycle
        if cycle.disconnected or cycle.response_started or cycle.flow.write_paused or not cycle.keep_alive:
            return False
        cycle.response_started = cycle.response_complete = True
        usual = b"".join([b"%b: %b\r\n" % pair for pair in cycle.default_headers])
        length = b"content-length: %d\r\n\r\n" % len(body)
        cycle.transport.write(b"".join((STATUS_LINE[status], usual, head, length, body)))
        cycle.message_event.set()
        cycle.on_response()
        return True
