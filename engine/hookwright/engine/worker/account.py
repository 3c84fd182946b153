"""The account with the ledger: what it is to be told of claims, and the one step that tells it.

While the ledger cannot be reached, what is to be told waits here, and the same step is repeated under the
same number until it lands.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from ..ledger.ledger import Ledger
from ..ledger.work import Settle, Tick
from .flight import Step


class Account:
    """Used by the drain's thread. `clock` is monotonic."""

    def __init__(self, ledger: Ledger, clock: Callable[[], float] = time.monotonic) -> None:
        self._ledger = ledger
        self._clock = clock
        self._settles: list[Settle] = []
        self._hand_back: list[str] = []
        self._unanswered: Step | None = None
        self._offset = 0.0  # the server's Unix time minus our monotonic clock, in seconds

    def settle(self, settle: Settle) -> None:
        self._settles.append(settle)

    def hand_back(self, token: str) -> None:
        self._hand_back.append(token)

    @property
    def has_ends(self) -> bool:
        """Whether claims have ended that the next step will tell of."""
        return bool(self._settles)

    @property
    def is_told(self) -> bool:
        """Whether there is nothing left to tell."""
        step = self._unanswered
        return not (self._settles or self._hand_back or (step and (step.settles or step.hand_back)))

    def step(self, claim: int) -> Tick:
        """Tell everything and claim up to `claim` deliveries; after `LedgerUnavailable` the same again."""
        if self._unanswered is None:
            self._unanswered = Step(tuple(self._settles), tuple(self._hand_back), claim)
            self._settles, self._hand_back = [], []
        step = self._unanswered
        tick = self._ledger.step(settles=step.settles, hand_back=step.hand_back, claim=step.claim)
        self._unanswered = None
        self._offset = tick.now / 1000 - self._clock()
        return tick

    def now(self) -> int:
        """Unix milliseconds on the server's clock; ours is only asked how long ago that was."""
        return int((self._clock() + self._offset) * 1000)
