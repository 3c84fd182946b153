"""Is this Redis fit to be the working memory? Asked at start and by `doctor`; findings are values."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

import redis

from ..connection import connect

OLDEST = (7, 0)  # scripts with flags came with 7.0

_REPLICA = {"slave", "replica"}
_POLICY_HINT = "set maxmemory-policy noeviction"

# Scripts are what the ledger is made of, so the trial is one. The key is gone after a second.
_TRIAL = "redis.call('SET', KEYS[1], '1', 'PX', 1000) return redis.call('GET', KEYS[1])"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a server. An "error" means: do not start. `code` is stable, `hint` says what to do."""

    severity: Literal["error", "warning"]
    code: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.severity}: {self.message}{f' ({self.hint})' if self.hint else ''}"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a server told: its INFO, its `appendfsync` (None: not shown), and why a trial write failed."""

    info: Mapping[str, Any]
    fsync: str | None = None
    refusal: str | None = None


def check_server(url: str, *, timeout: float = 5.0) -> list[Finding]:
    """Ask the server at `url` and judge it; errors first. Never raises for what the server does or says.

    Takes at most a few times `timeout` seconds. No finding holds the password in the URL.
    """
    try:
        client = connect(url, timeout=timeout, decode_responses=True)
    except (ValueError, TypeError):  # their text may quote a part of the password
        return [Finding("error", "bad-url", "that is not the URL of a Redis", "redis://host:6379/0")]
    with contextlib.closing(client):
        try:
            return judge(_facts(client))
        except redis.RedisError as error:
            return [_unreachable(without_password(url), error)]


def judge(facts: Facts) -> list[Finding]:
    """The findings about a server, errors first. Pure."""
    found = [
        *_version(facts.info),
        *_role(facts.info),
        *_policy(facts.info),
        *_writable(facts),
        *_durable(facts),
    ]
    return sorted(found, key=lambda finding: finding.severity)


def without_password(url: str) -> str:
    """`url` as it may be shown: without user, password and query (where a password may stand, too)."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _facts(client: redis.Redis) -> Facts:
    client.ping()
    return Facts(_info(client), _fsync(client), _refusal(client))


def _info(client: redis.Redis) -> Mapping[str, Any]:
    try:
        return dict(client.info())
    except redis.ResponseError:  # an ACL may forbid it
        return {}


def _fsync(client: redis.Redis) -> str | None:
    try:
        return str(client.config_get("appendfsync")["appendfsync"])
    except (redis.ResponseError, KeyError):  # managed servers rename or forbid CONFIG
        return None


def _refusal(client: redis.Redis) -> str | None:
    """Why the server does not run a script that writes; None if it does."""
    try:
        client.eval(_TRIAL, 1, f"{{hw:0}}:trial:{secrets.token_hex(8)}")
    except redis.ResponseError as error:
        return str(error)
    return None


def _version(info: Mapping[str, Any]) -> list[Finding]:
    told = str(info.get("redis_version", ""))  # Valkey tells the Redis version it is compatible with
    numbers = told.split(".")[:2]
    if len(numbers) == 2 and all(part.isdigit() for part in numbers):
        if tuple(map(int, numbers)) >= OLDEST:
            return []
        return [Finding("error", "too-old", f"Redis {told} is too old", "7.0 or newer, or any Valkey")]
    return [
        Finding("warning", "no-version", "the server does not tell its version", "7.0 or newer is needed")
    ]


def _role(info: Mapping[str, Any]) -> list[Finding]:
    found = []
    if info.get("role") in _REPLICA:
        found.append(Finding("error", "replica", "the server is a replica", "give the primary's address"))
    if info.get("cluster_enabled"):
        hint = "all keys live in one slot, and clients here do not follow redirects"
        found.append(Finding("warning", "cluster", "the server is a node of a cluster", hint))
    return found


def _policy(info: Mapping[str, Any]) -> list[Finding]:
    policy = info.get("maxmemory_policy")
    if policy is None:
        return [
            Finding("warning", "no-policy", "the server does not tell its maxmemory-policy", _POLICY_HINT)
        ]
    if policy != "noeviction":
        return [Finding("error", "evicts", f"maxmemory-policy {policy} would throw work away", _POLICY_HINT)]
    return []


def _writable(facts: Facts) -> list[Finding]:
    if facts.refusal is None or facts.info.get("role") in _REPLICA:  # being a replica explains it
        return []
    return [Finding("error", "refuses", f"the server refuses a script that writes: {facts.refusal}")]


def _durable(facts: Facts) -> list[Finding]:
    hint = "set appendonly yes and appendfsync always, or expect repeated calls after a crash of Redis"
    if not facts.info.get("aof_enabled", True):
        return [Finding("warning", "no-aof", "the server keeps no append-only file", hint)]
    if facts.fsync is None:
        return [Finding("warning", "config-denied", "CONFIG GET is denied: appendfsync is not known", hint)]
    if facts.fsync != "always":
        return [
            Finding(
                "warning", "fsync", f"appendfsync is {facts.fsync}: a crash may lose the last second", hint
            )
        ]
    return []


def _unreachable(url: str, error: redis.RedisError) -> Finding:
    if isinstance(error, redis.AuthenticationError):
        return Finding("error", "login", f"{url} refuses the login", "check user and password in the URL")
    if isinstance(error, redis.exceptions.BusyLoadingError):
        return Finding("error", "loading", f"{url} is still loading its data", "try again in a while")
    if isinstance(error, redis.TimeoutError):
        return Finding("error", "silent", f"{url} does not answer in time")
    if isinstance(error, redis.ConnectionError):
        return Finding("error", "unreachable", f"{url} cannot be reached: {error}")
    return Finding("error", "refuses", f"{url} refuses: {error}")
