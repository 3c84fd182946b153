"""Identifiers of events: those we make for events that have none, and what makes two of one id the same."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable

from hookwright.rules.event import Event

from ..base32 import short

_AT_ONCE = 200  # ids
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


class EventIds:
    """Makes ids of events: `evt_` and a UUIDv7 (RFC 9562, section 5.7). Not for several threads.

    `clock` is Unix time, `random(n)` are n random bytes. They are got in advance: asking takes longer than
    all the rest.
    """

    def __init__(
        self, clock: Callable[[], float] = time.time, random: Callable[[int], bytes] = os.urandom
    ) -> None:
        self._clock = clock
        self._random = random
        self._instant, self._prefix = -1, ""
        self._digits, self._used = "", 0

    def __call__(self) -> str:
        instant = int(self._clock() * 1000)
        if instant != self._instant:
            self._instant, self._prefix = instant, _prefix(instant)
        if self._used >= len(self._digits):
            self._digits, self._used = self._random(_AT_ONCE * 10).hex(), 0
        digits = self._digits[self._used : self._used + 20]
        self._used += 20
        return f"{self._prefix}{digits[1:4]}-{_VARIANT[digits[4]]}{digits[5:8]}-{digits[8:]}"


def _prefix(instant: int) -> str:
    digits = f"{instant & (1 << 48) - 1:012x}"
    return f"evt_{digits[:8]}-{digits[8:]}-7"


def fingerprint(event: Event) -> str:
    """The SHA-256 over what makes two events of one id the same: type, subject and the data's bytes."""
    kind, subject, raw = event.type.encode(), (event.subject or "").encode(), event.raw
    text = b"%d:%b%d:%b%d:%b" % (len(kind), kind, len(subject), subject, len(raw), raw)
    return hashlib.sha256(text).hexdigest()


def digest(*parts: str) -> str:
    """26 base32 characters that only these parts have."""
    joined = "\n".join(parts).encode()
    return short(hashlib.sha256(joined).digest())
