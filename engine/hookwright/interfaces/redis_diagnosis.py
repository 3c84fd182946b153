"""What `doctor` looks at in Redis: the server that is named, or the private one of the state folder."""

from __future__ import annotations

import contextlib
from pathlib import Path
from urllib.parse import quote

import redis

from hookwright.engine.connection import connect
from hookwright.engine.valkey.binary import NoServer, find_server
from hookwright.engine.valkey.redischeck import check_server, without_password
from hookwright.engine.valkey.serverfolder import ServerFolder

from .diagnosis import Finding, Level

_SECONDS = 3.0


def look_at_redis(url: str | None, state: Path) -> tuple[list[Finding], float | None]:
    """The findings, and the server's clock (Unix seconds) where there is a server that tells it."""
    if url is not None:
        return _look_at(url), _clock(url)
    resident = ServerFolder(state / "redis").resident()
    if resident is None:
        return [_look_for_binary()], None
    private = f"unix://{quote(str(resident.socket))}"
    return _look_at(private), _clock(private)


def _look_at(url: str) -> list[Finding]:
    levels = {"error": Level.FAIL, "warning": Level.WARN}
    found = [
        Finding("redis", levels[each.severity], each.message, each.hint)
        for each in check_server(url, timeout=_SECONDS)
    ]
    return found or [Finding("redis", Level.OK, without_password(url))]


def _look_for_binary() -> Finding:
    try:
        binary = find_server()
    except NoServer as error:
        return Finding("redis", Level.FAIL, "no server to run", str(error))
    return Finding("redis", Level.OK, f"`serve` starts a private one with {binary}")


def _clock(url: str) -> float | None:
    with contextlib.suppress(redis.RedisError, ValueError, OSError):
        client = connect(url, timeout=_SECONDS)
        with contextlib.closing(client):
            seconds, microseconds = client.time()
            return float(seconds) + microseconds / 1e6
    return None
