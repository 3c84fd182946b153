"""How full Redis is: asked before it refuses, so that what is accepted finds room."""

from __future__ import annotations

import redis


def fullness(client: redis.Redis) -> float:
    """The share of its `maxmemory` a server uses; 0.0 for one without, or that does not tell.

    Raises redis.RedisError when it does not answer.
    """
    try:
        told = client.info("memory")
    except redis.ResponseError:  # an ACL may forbid it
        return 0.0
    limit = int(told.get("maxmemory", 0))
    if limit <= 0:
        return 0.0
    used = int(told.get("used_memory", 0)) - int(told.get("mem_not_counted_for_evict", 0))
    return max(used, 0) / limit
