"""The runner as a child of the server: started once something needs it, and then kept running."""

from __future__ import annotations

from collections.abc import Callable

from hookwright.engine.runner.need import needs_runner
from hookwright.engine.runner.signs import SignOfLife, read_sign
from hookwright.engine.state import State
from hookwright.rules.table import RoutingTable

from .children import Child

STOP_RUNNER = 4.0  # seconds


class RunnerChild:
    """Started when an automation or an emission is configured, or when a runner ran on this folder before:
    runs may be open.

    `table` answers the live table.
    """

    def __init__(self, child: Child, state: State, table: Callable[[], RoutingTable]) -> None:
        self._child = child
        self._state = state
        self._table = table
        self._judged: RoutingTable | None = None
        self._needed = (state.path / "runner.lock").exists()

    @property
    def needed(self) -> bool:
        """Whether there may be runs; once there may, it stays so."""
        table = self._table()
        if not self._needed and table is not self._judged:
            self._judged = table
            self._needed = needs_runner(table)
        return self._needed

    @property
    def sign(self) -> SignOfLife | None:
        """Its sign of life, if it lives."""
        sign = read_sign(self._state.path)
        return sign if sign is not None and sign.fresh() and sign.pid == self._child.pid else None

    def watch(self) -> None:
        """Start it when it is needed, and again when it died; call this a few times a second."""
        if self.needed:
            self._child.watch()

    def end(self) -> None:
        """Let it finish what it has begun."""
        self._child.hang_up()
        self._child.wait(STOP_RUNNER)
