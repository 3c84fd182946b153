"""A ledger that lets workers know: without a bell they look for work once a second."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .ledger import Ledger
from .work import Offer, Offered


class RingingLedger(Ledger):
    """Calls `ring` after each offer of something that is due; it may raise `LedgerUnavailable`."""

    def __init__(self, url: str, ring: Callable[[], object]) -> None:
        super().__init__(url)
        self._ring = ring

    def offer(self, offers: Sequence[Offer]) -> Offered:
        """Take deliveries in, and ring; see `Ledger.offer`. What is due later workers' own clocks see."""
        answer = super().offer(offers)
        if any(each.wait == 0 for each in offers):
            self._ring()
        return answer
