"""Where calls may go, from the flags of a command: what is opened, and what stays closed whatever is open."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

from hookwright.engine.call.guard import Allowed, Policy

_REDIS_PORT = 6379


def policy_of(redis_url: str | None, allowed: Sequence[Allowed], own: Sequence[str]) -> Policy:
    """`own` are the addresses a server of ours listens on, such as `127.0.0.1:8420`.

    Raises ValueError for an address or a URL that cannot be read.
    """
    redis_port = urlsplit(redis_url or "").port or _REDIS_PORT
    listening = frozenset((each.hostname or "", each.port or 0) for each in map(_address, own))
    return Policy(tuple(allowed), listening, redis_ports=frozenset({_REDIS_PORT, redis_port}))


def _address(text: str) -> SplitResult:
    return urlsplit(f"//{text}")
