"""Lists and sets of a Redis in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from .keys import Keys, Reply


class Lists(Keys):
    """Commands on lists and sets."""

    def do_llen(self, key: bytes) -> int:
        return len(self._peek(key) or ())

    def do_rpush(self, key: bytes, *values: bytes) -> int:
        found = self._get(key, deque)
        found.extend(values)
        return len(found)

    def do_lpush(self, key: bytes, *values: bytes) -> int:
        found = self._get(key, deque)
        found.extendleft(values)
        return len(found)

    def do_lpop(self, key: bytes, count: bytes | None = None) -> Reply:
        found = self._peek(key)
        if not found:
            return None
        taken = [found.popleft() for _ in range(min(int(count or 1), len(found)))]
        self._tidy(key)
        return taken[0] if count is None else taken

    def do_lindex(self, key: bytes, index: bytes) -> Reply:
        found = list(self._peek(key) or ())
        return found[int(index)] if -len(found) <= int(index) < len(found) else None

    def do_lrange(self, key: bytes, start: bytes, stop: bytes) -> Reply:
        return between(list(self._peek(key) or ()), int(start), int(stop))

    def do_lrem(self, key: bytes, count: bytes, value: bytes) -> int:
        found = self._peek(key)
        if not found or value not in found:
            return 0
        assert count == b"1", "only the first from the left"
        found.remove(value)
        self._tidy(key)
        return 1

    # Sets.

    def do_sadd(self, key: bytes, *members: bytes) -> int:
        found = self._get(key, set)
        before = len(found)
        found.update(members)
        return len(found) - before

    def do_srem(self, key: bytes, *members: bytes) -> int:
        found = self._peek(key) or set()
        before = len(found)
        found.difference_update(members)
        left = len(found)
        self._tidy(key)
        return before - left

    def do_smembers(self, key: bytes) -> Reply:
        return sorted(self._peek(key) or ())

    def do_sismember(self, key: bytes, member: bytes) -> int:
        return int(member in (self._peek(key) or ()))

    def do_scard(self, key: bytes) -> int:
        return len(self._peek(key) or ())


def between(items: Sequence[Any], start: int, stop: int) -> list[Any]:
    """What LRANGE and ZRANGE give of `items`."""
    size = len(items)
    first = max(start + size, 0) if start < 0 else start
    last = stop + size if stop < 0 else stop
    return list(items[first : last + 1])
