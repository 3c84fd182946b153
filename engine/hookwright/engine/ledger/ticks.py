"""Ticks: which of the nodes that share a Redis begins the runs of a time on the clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .wire import pack


class Ticks:
    """Part of a ledger; it raises only `LedgerUnavailable`, and may then be called again."""

    def __init__(self, run: Callable[..., Any]) -> None:
        self._run = run

    def take(self, automation: str, node: str, times: Sequence[int]) -> tuple[int, ...]:
        """The times (Unix milliseconds, oldest first) whose runs this node begins; others did the rest."""
        given: Sequence[int] = self._run("tick", automation, node, pack(list(times)))[1]
        return tuple(given)
