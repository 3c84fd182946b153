"""The ledger's Lua scripts, called by digest and sent again when Redis forgot them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from typing import Any

import redis

from ...errors import LedgerTooNew, LedgerUnavailable

# What every script of the ledger begins with.
PARTS = ("prelude", "work", "gathered", "claims", "failing", "rest", "breaker", "rate", "order")
KEYS = "{hw:0}:"  # every key of ours; the tag keeps them on one shard of a cluster

Argument = str | bytes | int


class Script:
    """One script. Calling it may be repeated: each says at its top what makes it idempotent."""

    def __init__(self, name: str, *, prelude: bool = True) -> None:
        self.name = name
        shebang, rest = _read(name).split("\n", 1)
        self.text = "\n".join((shebang, *map(_read, PARTS), rest) if prelude else (shebang, rest))
        self.digest = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()

    def __call__(self, client: redis.Redis, arguments: Sequence[Argument]) -> Any:
        """Run it. Raises redis.RedisError."""
        try:
            return client.evalsha(self.digest, 1, KEYS, *arguments)
        except redis.exceptions.NoScriptError:
            return client.eval(self.text, 1, KEYS, *arguments)


@contextmanager
def translated() -> Iterator[None]:
    """Whatever Redis or the way to it has: `LedgerUnavailable`."""
    try:
        yield
    except (redis.RedisError, OSError) as error:
        kind = LedgerTooNew if str(error).startswith("SCHEMA ") else LedgerUnavailable
        raise kind(str(error) or type(error).__name__) from error


def _read(name: str) -> str:
    return resources.files(__name__).joinpath(f"{name}.lua").read_text(encoding="utf-8")
