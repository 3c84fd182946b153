"""When to tell whom of failed deliveries: the first at once, further ones together, one notice a while.

Pure: what failed and the time are passed in, and what is to be told comes out. Which deliveries they were
stands in the index, so a flood of failures costs no more memory than one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

WINDOW = 600_000  # ms from one notice to the next one about the same subscriber to the same notifier
NAMED = 5_000  # deliveries a notice names; more are counted


class Pair(NamedTuple):
    """About whom, and whom to tell: what a digest is kept for. That a subscriber was switched off is told
    apart from what failed before, and at once.
    """

    entity_type: str
    entity_id: str
    notifier: str
    tells: Literal["failure", "disabled"] = "failure"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is to be told of one pair: how much, what came first of it, and when it was last told.

    `first` is the id of a delivery, or what is said of a switch. `told` is Unix milliseconds,
    None when nothing was ever told.
    """

    pair: Pair
    count: int
    first: str | None = None
    told: int | None = None


class Digest:
    """Keeps the standing of every pair that has one. Not thread-safe; `window` is in milliseconds."""

    def __init__(self, window: int = WINDOW) -> None:
        self._window = window
        self._standings: dict[Pair, Standing] = {}  # of pairs with something to tell

    def __len__(self) -> int:
        """How many pairs have something to be told."""
        return len(self._standings)

    def load(self, standings: Iterable[Standing]) -> None:
        """Forget everything and start from these."""
        self._standings = {}
        self.note(standings)

    def note(self, standings: Iterable[Standing]) -> None:
        """These pairs stand so now: something failed, or a notice was written."""
        for standing in standings:
            if standing.count:
                self._standings[standing.pair] = standing
            else:
                self._standings.pop(standing.pair, None)

    def due(self, now: int, limit: int) -> list[Standing]:
        """Up to `limit` pairs to be told at `now` (Unix milliseconds).

        They stay due until `note` says that they were told.
        """
        found: list[Standing] = []
        for standing in self._standings.values():
            if len(found) == limit:
                break
            if self._is_due(standing, now):
                found.append(standing)
        return found

    @property
    def next_at(self) -> int | None:
        """When something is to be told next (Unix milliseconds); 0 for at once."""
        return min((self._due_at(each) for each in self._standings.values()), default=None)

    def _due_at(self, standing: Standing) -> int:
        at_once = standing.told is None or standing.pair.tells == "disabled"
        return 0 if at_once else (standing.told or 0) + self._window

    def _is_due(self, standing: Standing, now: int) -> bool:
        """A clock that went back must not silence anybody: a notice from the future counts as long ago."""
        told = standing.told
        if standing.pair.tells == "disabled":
            return True
        return told is None or not told <= now < told + self._window
