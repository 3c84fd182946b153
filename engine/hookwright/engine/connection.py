"""The way to Redis: the one place where its clients are made, with every setting said."""

from __future__ import annotations

from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

SOCKET_TIMEOUT = 5.0  # seconds
MOST_CONNECTIONS = 64  # of one client; more at once is an error of ours, and said as an outage

_SETTINGS: dict[str, Any] = {
    "retry_on_timeout": False,
    "health_check_interval": 0,  # a PING before a command doubles the way; every command has its timeout
    "decode_responses": False,
    "protocol": 2,
}
_TCP: dict[str, Any] = {"socket_keepalive": True}  # a half-open connection is noticed where nothing is asked


def connect(url: str, *, timeout: float = SOCKET_TIMEOUT, **settings: Any) -> redis.Redis:
    """A client that never repeats a command by itself and never waits without end.

    What may be repeated is known to the caller alone, so a command that got no answer is an error. `timeout`
    (seconds) bounds the connecting, the sending and each answer. Raises `ValueError` for what is no URL.
    """
    also = {} if url.startswith("unix:") else _TCP
    return redis.Redis.from_url(
        url,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        max_connections=MOST_CONNECTIONS,
        retry=Retry(NoBackoff(), 0),
        **(_SETTINGS | also | settings),
    )
