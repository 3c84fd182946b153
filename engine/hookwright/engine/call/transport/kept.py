"""Connections kept for the next call: which ones can still carry a request.

libcurl does not look before it reuses a connection just left; it sends, and repeats the request should the
receiver have hung up. We look first, so that a request is sent once.
"""

from __future__ import annotations

import select

from . import Identity

_MOST = 4096


class KeptConnections:
    """Knows kept connections by our end's (address, port). Used by one thread."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], tuple[int, select.poll, Identity | None]] = {}

    def keep(self, ours: tuple[str, int], fd: int, *, sound: bool, identity: Identity | None = None) -> None:
        """A call is over and may leave its connection. Without `sound` it must not be used again."""
        known = self._known.get(ours)
        if not sound or fd < 0:
            self._known.pop(ours, None)
        elif known is None or known[0] != fd or known[2] != identity:
            if len(self._known) >= _MOST:
                self._known.clear()
            poll = select.poll()
            poll.register(fd, select.POLLIN)
            self._known[ours] = fd, poll, identity

    def is_usable(self, ours: tuple[str, int], identity: Identity | None = None) -> bool:
        """Whether a call of this identity left it, and nothing has come in since: neither a hang-up nor bytes
        that nobody asked for.
        """
        known = self._known.get(ours)
        return known is not None and known[2] == identity and not known[1].poll(0)
