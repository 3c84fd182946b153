"""The live revision: the table events are matched against, and its copy in the ledger that workers load."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Protocol

from hookwright.rules.build import build
from hookwright.rules.compile import compile_table
from hookwright.rules.model import FailureLimit
from hookwright.rules.source import Source
from hookwright.rules.table import RoutingTable

from .errors import JournalError
from .ledger.policy import Policy, policies_of


class Publisher(Protocol):
    """What the ledger offers for revisions."""

    def publish(
        self,
        revision: str,
        content: bytes,
        caps: Mapping[str, int],
        limits: Mapping[str, FailureLimit],
        policies: Mapping[str, Policy],
    ) -> None: ...
    def live(self) -> str | None: ...


class Keeper(Protocol):
    """What keeps revisions on disk. Both raise `JournalError`."""

    def keep(self, source: Source) -> None: ...
    def set_live(self, revision: str) -> None: ...


class Revisions:
    """Holds one table, swapped whole. Workers know a revision before the first event is matched by it.

    A publication that was not answered may have been heard all the same: until one is, `keep` repeats the
    live one. Used by several threads.
    """

    def __init__(
        self,
        ledger: Publisher,
        source: Source,
        *,
        before: Callable[[], bool] = lambda: True,
        server: Callable[[], str] = lambda: "",
        keeper: Keeper | None = None,
    ) -> None:
        """`before` is called before a revision goes live, since nothing is claimed without one; False means
        that none may go live now. Then `keep` tries again. `server` names the process that keeps the ledger:
        another one may hold what was live once. A `keeper` has each revision on disk before it goes live.

        Raises `LedgerUnavailable`, and `JournalError` when it cannot be kept.
        """
        self._ledger = ledger
        self._before = before
        self._server = server
        self._keeper = keeper
        self._heard = ""  # the server that took the last publication
        self._lock = threading.Lock()
        self._answered = False  # the last publication
        self.swap(source)

    @property
    def table(self) -> RoutingTable:
        return self._table

    def bundle_of(self, subscriber: str) -> str:
        """The bundle that this subscriber stands in, by its id."""
        among = (self._source, *self._source.beside)
        return next((each.bundle for each in among if subscriber in each.places), self._source.bundle)

    @property
    def source(self) -> Source:
        return self._source

    def swap(self, source: Source) -> None:
        """Publish a revision, then match by it.

        Raises `LedgerUnavailable`, and `JournalError` when it cannot be kept; then the old one stays live.
        """
        table = table_of(source)
        with self._lock:
            if self._keeper:
                self._keeper.keep(source)
            self._publish(source, table)
            self._source, self._table = source, table
            if self._keeper:
                self._keeper.set_live(source.revision)

    def revert(self, source: Source) -> None:
        """Match by `source` again at once, whether the ledger answers or not; `keep` publishes it."""
        table = table_of(source)
        with self._lock:
            self._source, self._table = source, table
            self._answered = False
            if self._keeper:
                with suppress(JournalError):
                    self._keeper.set_live(source.revision)

    def keep(self) -> bool:
        """Publish if the ledger has lost it, or may hold another. Returns whether that was done.

        Raises `LedgerUnavailable`.
        """
        with self._lock:
            stands = self._answered and self._server() == self._heard
            if stands and self._ledger.live() is not None:
                return False
            return self._publish(self._source, self._table)

    def _publish(self, source: Source, table: RoutingTable) -> bool:
        self._answered = False
        if not self._before():
            return False
        server, policies = self._server(), policies_of(table)
        self._ledger.publish(table.revision, source.to_json(), table.endpoints, table.limits, policies)
        self._answered, self._heard = True, server
        return True


def table_of(source: Source) -> RoutingTable:
    """The routing table of a source, the same on every machine."""
    return compile_table(build(source))
