"""What the ledger does so that nothing of an expunged event is left in Redis."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import redis
import structlog

from ..delivery import Result
from ..errors import LedgerUnavailable
from .lua import translated
from .wire import pack, write

COMPACT_SECONDS = 60.0  # for writing the append-only file anew

log = structlog.get_logger(__name__)


class Expunging:
    """Part of a ledger. Both methods raise only `LedgerUnavailable`, and may then be called again."""

    def __init__(self, client: redis.Redis, run: Callable[..., Any]) -> None:
        self._redis = client
        self._run = run

    def cancel(self, node: str, results: Sequence[Result]) -> int:
        """End deliveries of this node; each comes back as a result. How many ended: what is in flight, or has
        ended already, is left alone.
        """
        rows = [(each.delivery, write(each).decode()) for each in results]
        ended: int = self._run("cancel", node, pack(rows))[1]
        return ended

    def compact(self) -> None:
        """Let the server write its append-only file anew: the old one still has all that was ever stored.

        One that keeps no such file, or does not let us, is left alone.
        """
        with translated():
            try:
                if not self._persistence()["aof_enabled"]:
                    return
                self._redis.bgrewriteaof()
            except (redis.exceptions.ResponseError, KeyError) as error:
                log.warning("queue_not_compacted", reason=str(error))
                return
            end = time.monotonic() + COMPACT_SECONDS
            while self._writing():
                if time.monotonic() > end:
                    raise LedgerUnavailable("the append-only file of Redis takes long to be written anew")
                time.sleep(0.05)

    def _writing(self) -> bool:
        found = self._persistence()
        return bool(found["aof_rewrite_in_progress"] or found["aof_rewrite_scheduled"])

    def _persistence(self) -> Any:
        return self._redis.info("persistence")
