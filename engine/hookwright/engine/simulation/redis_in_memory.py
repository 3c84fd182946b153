"""Redis in memory on a clock of our own: the commands that the ledger's scripts use, and no others."""

from __future__ import annotations

import copy
from collections.abc import Callable

from .keys import RedisFault, Reply, Value
from .lists import Lists
from .sorted_sets import SortedSets
from .streams import Streams


class RedisInMemory(Lists, SortedSets, Streams):
    """One database. `clock` answers Unix milliseconds; keys that expire are gone once it says so."""

    def __init__(self, clock: Callable[[], int]) -> None:
        super().__init__(clock)
        self.starts = 1

    def flush(self) -> None:
        self.data.clear()
        self._ends.clear()

    def copy(self) -> tuple[dict[bytes, Value], dict[bytes, int]]:
        """All that is held now, to be restored later."""
        return copy.deepcopy((self.data, self._ends))

    def restart(self, held: tuple[dict[bytes, Value], dict[bytes, int]] | None = None) -> None:
        """Another process answers now, with the same data or with what was `held` a moment ago."""
        self.starts += 1
        if held is not None:
            self.data, self._ends = copy.deepcopy(held)

    def info(self) -> dict[str, Value]:
        return {"run_id": f"run{self.starts}", "evicted_keys": 0}

    def call(self, command: bytes, *arguments: bytes) -> Reply:
        """Run one command. Raises `RedisFault` for one it does not know."""
        name = command.decode().lower()
        run = getattr(self, f"do_{name}", None)
        if run is None:
            raise RedisFault(f"the simulation does not know the command {name}")
        return run(*arguments)
