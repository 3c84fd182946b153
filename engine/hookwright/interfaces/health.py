"""Health: whether a node can do its work, how much there is, and whether nothing is left to do."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from hookwright.engine.book.heartbeat import read_heartbeat
from hookwright.engine.errors import LedgerUnavailable

from .http.parts import Check
from .node import Node

SEEN_SECONDS = 0.5  # within which the bookkeeper has read a line of the journal


def readiness(node: Node) -> Sequence[Check]:
    """Every condition of `/readyz`, in the order in which things start."""
    return [
        _table(node),
        _journal(node),
        _queue(node),
        _bookkeeper(node),
        _runner(node),
        _workers(node),
    ]


def _table(node: Node) -> Check:
    """Another node on the same Redis may have published another configuration: the last one counts."""
    own = node.revisions.table.revision
    with suppress(LedgerUnavailable):
        live = node.ledger.live()
        if live not in {own, None}:
            return Check(
                "table", ok=True, detail=f"{own}; but calls follow {live}, published by another node"
            )
    return Check("table", ok=True, detail=own)


def _journal(node: Node) -> Check:
    history = node.state.history
    if node.room.scarce:
        return Check("journal", ok=False, detail=f"the disk is full: {node.room}")
    ok = os.access(history, os.W_OK | os.X_OK)
    return Check("journal", ok, "writable" if ok else f"{history} cannot be written")


def _queue(node: Node) -> Check:
    if node.reachable.is_set() and node.offering.crowded:
        return Check("queue", ok=False, detail="its memory is nearly used up; events are refused")
    if node.reachable.is_set():
        return Check("queue", ok=True, detail="reachable")
    spooled = f"{node.offering.spooled} deliveries wait in the journal"
    if node.offering.full:
        return Check("queue", ok=False, detail=f"unreachable, and the spool is full ({spooled})")
    return Check("queue", ok=True, detail=f"unreachable; spooling ({spooled})")


def _bookkeeper(node: Node) -> Check:
    beat = read_heartbeat(node.state.path)
    if beat is None or not beat.fresh() or beat.pid != node.children[0].pid:
        return Check("bookkeeper", ok=False, detail="not running")
    if not beat.journal:
        return Check("bookkeeper", ok=False, detail="cannot write the journal")
    if not beat.room:
        return Check("bookkeeper", ok=False, detail="the disk is full: what this node accepted waits")
    if not beat.ledger:
        return Check("bookkeeper", ok=True, detail="the journal is read; waiting for the queue")
    return Check("bookkeeper", beat.caught_up, "caught up" if beat.caught_up else "offering what is open")


def _runner(node: Node) -> Check:
    if not node.runner.needed:
        return Check("runner", ok=True, detail="no automations")
    sign = node.runner.sign
    if sign is None:
        return Check("runner", ok=False, detail="not running")
    if not sign.journal:
        return Check("runner", ok=False, detail="cannot write the journal")
    if not sign.room:
        return Check("runner", ok=False, detail="the disk is full: runs wait")
    return Check(
        "runner", sign.caught_up, f"{sign.open} runs open" if sign.caught_up else "reading the journal"
    )


def _workers(node: Node) -> Check:
    try:
        seen = len(node.ledger.depth().workers)
    except LedgerUnavailable:
        alive = any(child.running for child in node.children[1:])
        return Check("workers", alive, "unknown while the queue is unreachable")
    return Check(
        "workers", seen > 0, f"{seen} seen" if seen else "none seen; start one with `hookwright worker`"
    )


def depth(node: Node) -> Mapping[str, int]:
    """How many deliveries the ledger holds, by state; empty while it is away."""
    try:
        found = node.ledger.depth()
    except LedgerUnavailable:
        return {}
    return {"ready": found.ready, "waiting": found.waiting, "in_flight": found.in_flight}


class Idleness:
    """Over once an event came and nothing but held work has been open for `seconds`; never for None."""

    def __init__(self, seconds: float | None, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._since: float | None = None

    def over(self, node: Node) -> bool:
        if self._seconds is None:
            return False
        if not self._idle(node):
            self._since = None
            return False
        if self._since is None:
            self._since = self._clock()
        return self._clock() - self._since >= self._seconds

    def _idle(self, node: Node) -> bool:
        """What the bookkeeper counts counts only if it looked after the last event was accepted."""
        beat, accepted = read_heartbeat(node.state.path), node.intake.last_accepted
        if node.jobs.busy or beat is None or accepted is None or beat.at < accepted + SEEN_SECONDS:
            return False
        return beat.fresh() and beat.open <= beat.held and _no_runs(node, accepted)


def _no_runs(node: Node, accepted: float) -> bool:
    """Whether no run is open; the runner counts if it looked after the last event was accepted."""
    if not node.runner.needed:
        return True
    sign = node.runner.sign
    return sign is not None and sign.caught_up and sign.open == 0 and sign.at >= accepted + SEEN_SECONDS
