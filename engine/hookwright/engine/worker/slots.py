"""How many calls may be under way: few of those just begun, and many of those that wait for an answer."""

from __future__ import annotations

IN_FLIGHT = 96  # calls at once in a process, of those begun a moment ago
PATIENCE = 0.25  # seconds until a call counts as one that waits for its receiver
CEILING = 512  # calls at once of either kind: what they need of sockets and memory is bounded


class Slots:
    """Counts calls by their claims' tokens; times are seconds of one monotonic clock.

    Calls that are answered at once keep the processor busy, so few of them are enough. One that hangs only
    holds a socket: were it counted with the others, sixteen endpoints that hang would stop a whole worker.
    """

    def __init__(self, most: int = IN_FLIGHT, patience: float = PATIENCE, ceiling: int = CEILING) -> None:
        self._most = most
        self._patience = patience
        self._ceiling = max(ceiling, most)
        self._young: dict[str, float] = {}  # in order of their beginning
        self._slow: set[str] = set()

    def begin(self, token: str, now: float) -> None:
        self._young[token] = now

    def end(self, token: str) -> None:
        self._young.pop(token, None)
        self._slow.discard(token)

    def room(self, now: float) -> int:
        """How many more may begin at `now`."""
        self._age(now)
        under_way = len(self._young) + len(self._slow)
        return max(min(self._most - len(self._young), self._ceiling - under_way), 0)

    def next_room(self, now: float) -> float | None:
        """Seconds until the eldest of those just begun counts no more; None when there is none of them."""
        began = next(iter(self._young.values()), None)
        return None if began is None else max(began + self._patience - now, 0.0)

    def _age(self, now: float) -> None:
        while self._young:
            token, began = next(iter(self._young.items()))
            if now - began < self._patience:
                return
            del self._young[token]
            self._slow.add(token)
