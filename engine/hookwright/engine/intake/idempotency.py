"""The key under which a request may be sent again without being carried out twice."""

from __future__ import annotations

from collections.abc import Mapping

from .rejected import Rejected

HEADER = "idempotency-key"
_MOST = 255  # characters


def read_key(headers: Mapping[str, str]) -> str | None:
    """What the request says of itself; None when it does not. Raises `Rejected` for what is no key."""
    key = headers.get(HEADER)
    if key is not None and not (1 <= len(key) <= _MOST and key.isascii() and key.isprintable()):
        detail = f"1 to {_MOST} printable ASCII characters"
        raise Rejected(400, "Bad idempotency key", detail, header=HEADER)
    return key
