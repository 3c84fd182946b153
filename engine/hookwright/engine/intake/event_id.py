"""Identifiers of events: those we make for events that have none, and what makes two of one id the same."""

from __future__ import annotations

import hashlib

from hookwright.rules.event import Event

from ..base32 import short


def new_event_id(now: float, random: bytes) -> str:
    """`evt_` and a UUIDv7 (RFC 9562, section 5.7): `now` in Unix seconds, 10 random bytes."""
    value = (int(now * 1000) & (1 << 48) - 1) << 80 | int.from_bytes(random)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    digits = f"{value:032x}"
    return f"evt_{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def fingerprint(event: Event) -> str:
    """The SHA-256 over what makes two events of one id the same: type, subject and the data's bytes."""
    parts = (event.type.encode(), (event.subject or "").encode(), event.raw)
    return hashlib.sha256(b"".join([b"%d:%b" % (len(part), part) for part in parts])).hexdigest()


def digest(*parts: str) -> str:
    """26 base32 characters that only these parts have."""
    joined = "\n".join(parts).encode()
    return short(hashlib.sha256(joined).digest())
