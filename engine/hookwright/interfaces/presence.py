"""Presence: one server at a time is the node of a name; a second one on a copy of its folder is refused."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

import structlog

from hookwright.engine.errors import LedgerUnavailable
from hookwright.engine.state import State, StateBusy

HELD_SECONDS = 10.0
RENEW_EVERY = 2.0
_ADVICE = (
    "a copied state folder needs a node-id of its own: stop that server, or remove node-id here before the"
    " first start"
)
LOOK_EVERY = 0.2  # while somebody else holds the name: until it renews it or is seen to be gone

log = structlog.get_logger(__name__)


class HoldingLedger(Protocol):
    """What presence needs of the ledger. It raises `LedgerUnavailable` and may then be repeated."""

    def hold(self, node: str, by: str, seconds: float) -> tuple[str, int]: ...


class Presence:
    """Holds a node's name while it lives. `by` says who: the same after a restart on the same folder."""

    def __init__(
        self,
        ledger: HoldingLedger,
        node: str,
        by: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
        advice: str = _ADVICE,
    ) -> None:
        self._ledger = ledger
        self._node = node
        self._by = by
        self._clock = clock
        self._sleep = sleep
        self._advice = advice
        self._renew_at = float("-inf")
        self._alone = True

    def take(self) -> None:
        """Hold the name. Raises `StateBusy` when another server does and lives, and `LedgerUnavailable`."""
        holder, left = self._ledger.hold(self._node, self._by, HELD_SECONDS)
        while holder != self._by:
            if left < 0:  # for good
                raise StateBusy(f"the node {self._node} was {holder}, which goes on with its deliveries")
            self._sleep(LOOK_EVERY)
            before = left
            holder, left = self._ledger.hold(self._node, self._by, HELD_SECONDS)
            if holder != self._by and left > before:
                raise StateBusy(f"another server runs as the node {self._node} ({holder}); {self._advice}")

    def renew(self) -> None:
        """Call it often: it asks every two seconds. Raises `LedgerUnavailable`."""
        if self._clock() < self._renew_at:
            return
        holder, _ = self._ledger.hold(self._node, self._by, HELD_SECONDS)
        self._renew_at = self._clock() + RENEW_EVERY
        if holder != self._by and self._alone:
            log.error("node_id_taken", node=self._node, by=holder)
        self._alone = holder == self._by

    def leave(self) -> None:
        with suppress(LedgerUnavailable):
            self._ledger.hold(self._node, self._by, 0)


@contextmanager
def present(
    ledger: HoldingLedger,
    node: str,
    state: State,
    *,
    sleep: Callable[[float], object] = time.sleep,
    advice: str = _ADVICE,
) -> Iterator[Presence]:
    """Be the node of this name. Raises as `take`, with `advice` when another server lives."""
    status = (state.path / "lock").stat()
    made = Presence(
        ledger,
        node,
        f"{socket.gethostname()} {status.st_dev:x}-{status.st_ino:x}",
        sleep=sleep,
        advice=advice,
    )
    made.take()
    try:
        yield made
    finally:
        made.leave()
