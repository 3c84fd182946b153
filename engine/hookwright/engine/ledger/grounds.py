"""What a node stands on: whether Redis holds what the node left there, and how that is set right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import redis

from .lua import Script, translated
from .wire import pack, read_text
from .work import Ground, Holding

DROPS_PER_CALL = 200

_holding = Script("holding")


class Grounds:
    """Part of a ledger. Every method raises only `LedgerUnavailable`, and may then be called again.

    `run` calls a script by its name; `doubt` is told when places in the stream of results mean nothing more.
    """

    def __init__(self, client: redis.Redis, run: Callable[..., Any], *, doubt: Callable[[], None]) -> None:
        self._redis = client
        self._run = run
        self._doubt = doubt
        self._marks: dict[str, int] = {}

    def server(self) -> str:
        """The name of what answers: another after each start and failover, and when keys were evicted.

        "" when the server does not tell.
        """
        with translated(), suppress(redis.ResponseError):  # an ACL may forbid it
            told = self._redis.info("server", "stats")
            return f"{told.get('run_id', '')}/{told.get('evicted_keys', 0)}"
        return ""

    def look(self, node: str) -> Ground:
        """Whether the data is what this node left; if not, results are read from the oldest on again."""
        server = self.server()
        epoch, vouched, mark, awaited = self._run("ground", node)
        left = read_text(vouched)
        kept = left in {None, server} and mark > self._marks.get(node, 0)
        self._marks[node] = mark
        if not kept:
            self._doubt()
        evicted = left not in {None, server} and left is not None and _process(left) == _process(server)
        return Ground(epoch.decode(), server, kept, bool(awaited), evicted)

    def empty(self) -> None:
        """Forget all work, in flight or not, of all nodes: each offers what is open again."""
        self._run("empty")

    def vouch(self, node: str, server: str) -> None:
        """What the ledger holds of this node is as the journal says, while `server` answers."""
        self._run("vouch", node, server)

    def holding(self, node: str) -> list[Holding]:
        """Everything the ledger holds of a node; some may be listed twice."""
        return list(self._holding(node))

    def _holding(self, node: str) -> Iterator[Holding]:
        cursor = "0"
        while True:
            with translated():
                answer = _holding(self._redis, (node, cursor))
            found = iter(answer[1:])
            for identifier, attempts, token in zip(found, found, found, strict=True):
                yield Holding(identifier.decode(), attempts, read_text(token))
            cursor = answer[0].decode()
            if cursor == "0":
                return

    def drop(self, node: str, deliveries: Sequence[str]) -> None:
        """Forget what the journal knows better, in flight or not."""
        for start in range(0, len(deliveries), DROPS_PER_CALL):
            self._run("drop", node, pack(list(deliveries[start : start + DROPS_PER_CALL])))

    def adopted(self, node: str, by: str) -> None:
        """Forget a node: `by` holds its name for good. Whatever it had must have been booked and dropped."""
        self._run("adopted", node, by)


def _process(server: str) -> str:
    return server.partition("/")[0]
