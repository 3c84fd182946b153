"""Standing: what a further result of a delivery becomes, given what is booked of it. Pure."""

from __future__ import annotations

from msgspec import Struct

from ..delivery import TERMINAL_STATUS, Result
from ..journal.outcome import entries
from ..journal.writer import Entry


class Standing(Struct, gc=False):
    """What is booked of a delivery, as far as it decides what a further result becomes."""

    open: bool
    attempts: int = 0
    held: str | None = None
    ended: bool = False

    def lines(self, result: Result) -> list[Entry]:
        """The lines this result becomes; the standing is then as if they were written.

        Nothing for a delivery that is not open or an attempt already booked: a result read a second time,
        after a crash before its acknowledgement, changes nothing.
        """
        terminal = result.outcome in TERMINAL_STATUS
        if not self.open or self._repeated(result, terminal):
            return []
        lines = entries(result, self.attempts, recorded=self.ended and terminal)
        self.open = not terminal and result.outcome != "split"
        self.held = result.reason if result.outcome == "held" else None
        if result.outcome == "retry":
            self.attempts = result.attempt
        return lines

    def _repeated(self, result: Result, terminal: bool) -> bool:
        if result.outcome == "held":
            return result.reason == self.held
        return not terminal and result.attempt <= self.attempts
