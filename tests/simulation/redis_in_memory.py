"""Redis in memory on a clock of our own: the commands that the ledger's scripts use, and no others."""

from __future__ import annotations

import bisect
import copy
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

Value = Any  # bytes, deque, dict (hash: bytes -> bytes; sorted set: bytes -> float), set or Stream
Reply = Any  # None, int, bytes or a list of replies


class RedisFault(Exception):
    """What Redis answers with an error."""


class SortedSet(dict[bytes, float]):
    """Members and their scores."""

    def ranked(self) -> list[tuple[float, bytes]]:
        return sorted((score, member) for member, score in self.items())


class Stream:
    """Entries in order; identifiers only ever grow, also when it was cut."""

    def __init__(self) -> None:
        self.entries: list[tuple[tuple[int, int], list[bytes]]] = []
        self.last = (0, 0)


class RedisInMemory:
    """One database. `clock` answers Unix milliseconds; keys that expire are gone once it says so."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self.data: dict[bytes, Value] = {}
        self._ends: dict[bytes, int] = {}
        self.starts = 1

    def flush(self) -> None:
        self.data.clear()
        self._ends.clear()

    def copy(self) -> tuple[dict[bytes, Value], dict[bytes, int]]:
        """All that is held now, to be restored later."""
        return copy.deepcopy((self.data, self._ends))

    def restart(self, held: tuple[dict[bytes, Value], dict[bytes, int]] | None = None) -> None:
        """Another process answers now, with the same data or with what was `held` a moment ago."""
        self.starts += 1
        if held is not None:
            self.data, self._ends = copy.deepcopy(held)

    def info(self) -> dict[str, Value]:
        return {"run_id": f"run{self.starts}", "evicted_keys": 0}

    def call(self, command: bytes, *arguments: bytes) -> Reply:
        """Run one command. Raises `RedisFault` for one it does not know."""
        name = command.decode().lower()
        run = getattr(self, f"do_{name}", None)
        if run is None:
            raise RedisFault(f"the simulation does not know the command {name}")
        return run(*arguments)

    # Keys.

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

    # Lists.

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
        return _between(list(self._peek(key) or ()), int(start), int(stop))

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

    # Sorted sets.

    def do_zadd(self, key: bytes, *arguments: bytes) -> int:
        options = {each.upper() for each in arguments if each.upper() in {b"NX", b"XX", b"GT", b"LT"}}
        pairs = arguments[len(options) :]
        found = self._get(key, SortedSet)
        before = len(found)
        for score, member in zip(pairs[::2], pairs[1::2], strict=True):
            self._place(found, member, float(score), options)
        added = len(found) - before
        self._tidy(key)
        return added

    @staticmethod
    def _place(found: SortedSet, member: bytes, score: float, options: set[bytes]) -> None:
        old = found.get(member)
        refused = (
            (b"NX" in options and old is not None)
            or (b"XX" in options and old is None)
            or (b"GT" in options and old is not None and score <= old)
            or (b"LT" in options and old is not None and score >= old)
        )
        if not refused:
            found[member] = score

    def do_zrem(self, key: bytes, *members: bytes) -> int:
        found = self._peek(key) or {}
        gone = sum(found.pop(member, None) is not None for member in members)
        self._tidy(key)
        return gone

    def do_zcard(self, key: bytes) -> int:
        return len(self._peek(key) or ())

    def do_zscore(self, key: bytes, member: bytes) -> Reply:
        found = (self._peek(key) or {}).get(member)
        return None if found is None else number(found)

    def do_zrange(self, key: bytes, start: bytes, stop: bytes, *options: bytes) -> Reply:
        ranked = (self._peek(key) or SortedSet()).ranked()
        return _with_scores(_between(ranked, int(start), int(stop)), options)

    def do_zcount(self, key: bytes, low: bytes, high: bytes) -> int:
        return len(self._scored(key, low, high))

    def do_zrangebyscore(self, key: bytes, low: bytes, high: bytes, *options: bytes) -> Reply:
        found = self._scored(key, low, high)
        words = [each.upper() for each in options]
        if b"LIMIT" in words:
            at = words.index(b"LIMIT")
            skip, most = int(options[at + 1]), int(options[at + 2])
            found = found[skip : skip + most]
        return _with_scores(found, options)

    def _scored(self, key: bytes, low: bytes, high: bytes) -> list[tuple[float, bytes]]:
        ranked = (self._peek(key) or SortedSet()).ranked()
        least, most = _bound(low), _bound(high)
        return [pair for pair in ranked if least(pair[0], lower=True) and most(pair[0], lower=False)]

    # Streams.

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


def number(value: float) -> bytes:
    """A score as Redis writes it."""
    return b"%d" % value if value == int(value) else repr(value).encode()


def _bound(text: bytes) -> Callable[..., bool]:
    exclusive = text.startswith(b"(")
    limit = float(text.lstrip(b"("))

    def keeps(score: float, *, lower: bool) -> bool:
        if exclusive:
            return score > limit if lower else score < limit
        return score >= limit if lower else score <= limit

    return keeps


def _between(items: Sequence[Any], start: int, stop: int) -> list[Any]:
    size = len(items)
    first = max(start + size, 0) if start < 0 else start
    last = stop + size if stop < 0 else stop
    return list(items[first : last + 1])


def _with_scores(ranked: Iterable[tuple[float, bytes]], options: Sequence[bytes]) -> Reply:
    if b"WITHSCORES" not in {each.upper() for each in options}:
        return [member for _, member in ranked]
    return [part for score, member in ranked for part in (member, number(score))]


def _stream_id(at: tuple[int, int]) -> bytes:
    return b"%d-%d" % at


def _parsed(identifier: bytes) -> tuple[int, int]:
    first, _, second = identifier.partition(b"-")
    return int(first), int(second or 0)
