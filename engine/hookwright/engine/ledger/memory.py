"""How full Redis is: asked before it refuses, so that what is accepted finds room."""

from __future__ import annotations

import redis

from ..connection import connect
from .lua import translated


class Memory:
    """Looks at the memory of the server at `url`."""

    def __init__(self, url: str) -> None:
        self._redis = connect(url)

    def fullness(self) -> float:
        """The share of its `maxmemory` it uses; 0.0 for one without, or that does not tell.

        Raises `LedgerUnavailable`.
        """
        with translated():
            return _share(self._redis)

    def close(self) -> None:
        self._redis.close()


def _share(client: redis.Redis) -> float:
    try:
        told = client.info("memory")
    except redis.ResponseError:  # an ACL may forbid it
        return 0.0
    limit = int(told.get("maxmemory", 0))
    if limit <= 0:
        return 0.0
    used = int(told.get("used_memory", 0)) - int(told.get("mem_not_counted_for_evict", 0))
    return max(used, 0) / limit
