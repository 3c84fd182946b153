"""Identifiers of events: those we make for events that have none, and what makes two of one id the same."""

from __future__ import annotations

import hashlib

from hookwright.rules.event import Event

from ..base32 import short


def new_event_id(now: float, random: bytes) -> str:
    """`evt_` and a UUIDv7 (RFC 9562, section 5.7): `now` in Unix seconds, 10 random bytes."""
    instant, digits = f"{int(now * 1000) & (1 << 48) - 1:012x}", random.hex()
    variant = "89ab"[random[2] >> 4 & 3]
    return f"evt_{instant[:8]}-{instant[8:]}-7{digits[1:4]}-{variant}{digits[5:8]}-{digits[8:]}"


def fingerprint(event: Event) -> str:
    """The SHA-256 over what makes two events of one id the same: type, subject and the data's bytes."""
    kind, subject, raw = event.type.encode(), (event.subject or "").encode(), event.raw
    text = b"%d:%b%d:%b%d:%b" % (len(kind), kind, len(subject), subject, len(raw), raw)
    return hashlib.sha256(text).hexdigest()


def digest(*parts: str) -> str:
    """26 base32 characters that only these parts have."""
    joined = "\n".join(parts).encode()
    return short(hashlib.sha256(joined).digest())
