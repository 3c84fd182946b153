"""A worker's lease as the worker knows it: when it was renewed last, and how often it had ended by then."""

from __future__ import annotations

import threading


class Lease:
    """Renewed by the threads that beat and step, read by those that send. `seconds` is how long it lasts;
    times are those of one monotonic clock.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._standing = (float("-inf"), 0)  # when it was renewed last, and its number
        self._lock = threading.Lock()

    def renew(self, asked: float, *, anew: bool) -> int:
        """Note a renewal; with `anew` there was no lease any more. The number of the present one."""
        with self._lock:
            renewed, term = self._standing
            self._standing = (max(renewed, asked), term + anew)
            return self._standing[1]

    def end(self) -> None:
        with self._lock:
            self._standing = (float("-inf"), self._standing[1])

    def age(self, now: float) -> float:
        """Seconds since the last renewal was asked for and granted."""
        return now - self._standing[0]

    def holds(self, term: int, now: float) -> bool:
        """Whether what was claimed under lease `term` surely is this worker's at `now`, read before."""
        renewed, present = self._standing
        return term == present and now - renewed < self.seconds
