"""Keys of a Redis in memory: what stands under them, when they end, and texts and hashes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Value = Any  # bytes, deque, dict (hash: bytes -> bytes; sorted set: bytes -> float), set or Stream
Reply = Any  # None, int, bytes or a list of replies


class RedisFault(Exception):
    """What Redis answers with an error."""


class Keys:
    """The part that the kinds of values share. `clock` answers Unix milliseconds."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self.data: dict[bytes, Value] = {}
        self._ends: dict[bytes, int] = {}

    def _get(self, key: bytes, kind: type[Any]) -> Any:
        found = self._peek(key)
        if found is None:
            found = self.data[key] = kind()
        elif not isinstance(found, kind):
            raise RedisFault("WRONGTYPE")
        return found

    def _peek(self, key: bytes) -> Any:
        if self._ends.get(key, self._clock() + 1) <= self._clock():
            self.do_del(key)
        return self.data.get(key)

    def _tidy(self, key: bytes) -> None:
        if not self.data.get(key):
            self.do_del(key)

    def do_time(self) -> Reply:
        now = self._clock()
        return [b"%d" % (now // 1000), b"%d" % (now % 1000 * 1000)]

    def do_exists(self, *keys: bytes) -> int:
        return sum(self._peek(key) is not None for key in keys)

    def do_del(self, *keys: bytes) -> int:
        found = sum(self.data.pop(key, None) is not None for key in keys)
        for key in keys:
            self._ends.pop(key, None)
        return found

    do_unlink = do_del

    def do_pexpire(self, key: bytes, milliseconds: bytes) -> int:
        if self._peek(key) is None:
            return 0
        self._ends[key] = self._clock() + int(milliseconds)
        return 1

    def do_scan(self, cursor: bytes, *options: bytes) -> Reply:
        """All keys at once."""
        assert (cursor, options[0], options[2]) == (b"0", b"MATCH", b"COUNT")
        assert options[1].endswith(b"*"), "only a beginning"
        beginning = options[1][:-1]
        return [b"0", [key for key in list(self.data) if key.startswith(beginning) and self.do_exists(key)]]

    # Text.

    def do_get(self, key: bytes) -> Reply:
        return self._peek(key)

    def do_mget(self, *keys: bytes) -> Reply:
        return [self._peek(key) for key in keys]

    def do_set(self, key: bytes, value: bytes, *options: bytes) -> Reply:
        words = [each.upper() for each in options]
        if b"NX" in words and self._peek(key) is not None:
            return None
        self.do_del(key)
        self.data[key] = value
        for word, unit in ((b"PX", 1), (b"EX", 1000)):
            if word in words:
                self._ends[key] = self._clock() + unit * int(options[words.index(word) + 1])
        return b"OK"

    def do_getrange(self, key: bytes, start: bytes, stop: bytes) -> bytes:
        found: bytes = self._peek(key) or b""
        return found[int(start) : int(stop) + 1]

    def do_setrange(self, key: bytes, start: bytes, piece: bytes) -> int:
        found: bytes = self._peek(key) or b""
        at = int(start)
        if piece:
            self.data[key] = found = found[:at].ljust(at, b"\0") + piece + found[at + len(piece) :]
        return len(found)

    def do_incrby(self, key: bytes, more: bytes) -> int:
        total = int(self._peek(key) or 0) + int(more)
        self.data[key] = b"%d" % total
        return total

    def do_incr(self, key: bytes) -> int:
        return self.do_incrby(key, b"1")

    # Hashes.

    def do_hget(self, key: bytes, field: bytes) -> Reply:
        return (self._peek(key) or {}).get(field)

    def do_hmget(self, key: bytes, *fields: bytes) -> Reply:
        found = self._peek(key) or {}
        return [found.get(field) for field in fields]

    def do_hgetall(self, key: bytes) -> Reply:
        return [part for pair in (self._peek(key) or {}).items() for part in pair]

    def do_hkeys(self, key: bytes) -> Reply:
        return list(self._peek(key) or {})

    def do_hvals(self, key: bytes) -> Reply:
        return list((self._peek(key) or {}).values())

    def do_hlen(self, key: bytes) -> int:
        return len(self._peek(key) or {})

    def do_hexists(self, key: bytes, field: bytes) -> int:
        return int(field in (self._peek(key) or {}))

    def do_hset(self, key: bytes, *pairs: bytes) -> int:
        found = self._get(key, dict)
        before = len(found)
        found.update(zip(pairs[::2], pairs[1::2], strict=True))
        return len(found) - before

    def do_hsetnx(self, key: bytes, field: bytes, value: bytes) -> int:
        found = self._get(key, dict)
        if field in found:
            return 0
        found[field] = value
        return 1

    def do_hincrby(self, key: bytes, field: bytes, more: bytes) -> int:
        found = self._get(key, dict)
        total = int(found.get(field, 0)) + int(more)
        found[field] = b"%d" % total
        return total

    def do_hdel(self, key: bytes, *fields: bytes) -> int:
        found = self._peek(key) or {}
        gone = sum(found.pop(field, None) is not None for field in fields)
        self._tidy(key)
        return gone
