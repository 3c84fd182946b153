"""`Logs`: the beginning and the end of what a call printed, however much that was."""

from __future__ import annotations

import re

_UNPRINTABLE = re.compile(r"[^\n\t\x20-\x7e\xa0-\U0010ffff]")


class Logs:
    """Keeps `most` bytes: half of them from the beginning, half from the end."""

    def __init__(self, most: int) -> None:
        self._half = most // 2
        self._head = bytearray()
        self._tail = bytearray()
        self.size = 0  # of all that was printed

    def add(self, piece: bytes) -> None:
        self.size += len(piece)
        room = self._half - len(self._head)
        self._head += piece[:room]
        self._tail += piece[room:] if room < len(piece) else b""
        if len(self._tail) > 2 * self._half:  # now and then, not for every piece
            del self._tail[: -self._half]

    def text(self) -> str:
        """All of it, or its two ends and how much is left out between them; only what can be shown."""
        tail = self._tail[-self._half :]
        left_out = self.size - len(self._head) - len(tail)
        between = f"\n[… {left_out} bytes left out …]\n" if left_out else ""
        said = self._head.decode(errors="replace") + between + tail.decode(errors="replace")
        if not left_out:  # a character may stand across both
            said = bytes(self._head + tail).decode(errors="replace")
        return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", said.replace("\r\n", "\n"))
