"""Waiting for deliveries to end, as `emit --wait` and `replay --wait` do."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from hookwright.engine.delivery import Status

from .output import note

POLL_SECONDS = 0.1
Deliveries = Sequence[dict[str, Any]]


def wait_for(
    look: Callable[[], Deliveries], expected: int, timeout: float, *, again: str = "history list"
) -> tuple[Deliveries, int]:
    """Looks until `expected` deliveries (or runs) have ended: the last look, and how many had not when time
    was up. `again` is the command that shows them later.
    """
    deadline = time.monotonic() + timeout
    while True:
        found = look()
        waiting = expected - sum(each["status"] != Status.IN_QUEUE for each in found)
        if waiting <= 0:
            return found, 0
        if time.monotonic() >= deadline:
            note(f"{waiting} still {Status.IN_QUEUE}; look again with `hookwright {again}`")
            return found, waiting
        time.sleep(min(POLL_SECONDS, max(0.0, deadline - time.monotonic())))
