"""Sorted sets of a Redis in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from .keys import Keys, Reply
from .lists import between


class SortedSet(dict[bytes, float]):
    """Members and their scores."""

    def ranked(self) -> list[tuple[float, bytes]]:
        return sorted((score, member) for member, score in self.items())


class SortedSets(Keys):
    """Commands on sorted sets."""

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
        return _with_scores(between(ranked, int(start), int(stop)), options)

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


def _with_scores(ranked: Iterable[tuple[float, bytes]], options: Sequence[bytes]) -> Reply:
    if b"WITHSCORES" not in {each.upper() for each in options}:
        return [member for _, member in ranked]
    return [part for score, member in ranked for part in (member, number(score))]
