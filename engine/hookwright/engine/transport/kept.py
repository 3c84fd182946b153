"""Connections kept for the next call: which ones can still carry a request.

libcurl does not look before it reuses a connection just left; it sends, and repeats the request should the
receiver have hung up. We look first, so that a request is sent once.
"""

from __future__ import annotations

import select

_MOST = 4096


class KeptConnections:
    """Knows kept connections by our end's (address, port). Used by one thread."""

    def __init__(self) -> None:
        self._sockets: dict[tuple[str, int], int | None] = {}
        self._poll = select.poll()

    def keep(self, ours: tuple[str, int], fd: int, *, sound: bool) -> None:
        """A call is over and may leave its connection. Without `sound` it must not be used again."""
        if len(self._sockets) >= _MOST:
            self._sockets.clear()
        self._sockets[ours] = fd if sound else None

    def is_usable(self, ours: tuple[str, int]) -> bool:
        """Whether nothing has come in since: neither a hang-up nor bytes that nobody asked for."""
        fd = self._sockets.get(ours)
        if fd is None:
            return False
        self._poll.register(fd, select.POLLIN)
        ready = self._poll.poll(0)
        self._poll.unregister(fd)
        return not ready
