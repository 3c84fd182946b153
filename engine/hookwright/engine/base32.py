"""Base32 of digests: two characters at a time, since the standard library's takes longer than the digest."""

from __future__ import annotations

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_SHIFTS = range(120, -1, -10)


def short(digest: bytes) -> str:
    """The first 130 bits of a digest of at least 17 bytes, as 26 characters in lower case (RFC 4648)."""
    value = int.from_bytes(digest[:17]) >> 6
    return "".join([_PAIRS[value >> shift & 1023] for shift in _SHIFTS])
