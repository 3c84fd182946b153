"""Streams of a Redis in memory."""

from __future__ import annotations

import bisect

from .keys import Keys


class Stream:
    """Entries in order; identifiers only ever grow, also when it was cut."""

    def __init__(self) -> None:
        self.entries: list[tuple[tuple[int, int], list[bytes]]] = []
        self.last = (0, 0)


class Streams(Keys):
    """Commands on streams."""

    def do_xadd(self, key: bytes, identifier: bytes, *fields: bytes) -> bytes:
        assert identifier == b"*"
        stream = self._get(key, Stream)
        now = self._clock()
        last = stream.last
        stream.last = (now, 0) if now > last[0] else (last[0], last[1] + 1)
        stream.entries.append((stream.last, list(fields)))
        return _stream_id(stream.last)

    def do_xtrim(self, key: bytes, strategy: bytes, keep: bytes) -> int:
        assert strategy.upper() == b"MINID"
        stream = self._peek(key)
        if stream is None:
            return 0
        before = len(stream.entries)
        stream.entries = stream.entries[bisect.bisect_left(stream.entries, (_parsed(keep), [])) :]
        return before - len(stream.entries)

    def do_xlen(self, key: bytes) -> int:
        stream = self._peek(key)
        return 0 if stream is None else len(stream.entries)

    def read_stream(self, key: bytes, after: bytes, count: int) -> list[tuple[bytes, dict[bytes, bytes]]]:
        """XREAD of one stream, as the client's library gives it."""
        stream = self._peek(key)
        entries = [] if stream is None else [each for each in stream.entries if each[0] > _parsed(after)]
        return [
            (_stream_id(at), dict(zip(fields[::2], fields[1::2], strict=True)))
            for at, fields in entries[:count]
        ]


def _stream_id(at: tuple[int, int]) -> bytes:
    return b"%d-%d" % at


def _parsed(identifier: bytes) -> tuple[int, int]:
    first, _, second = identifier.partition(b"-")
    return int(first), int(second or 0)
