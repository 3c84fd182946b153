"""Awaited: the event types that runs of the configurations in use may wait for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hookwright.rules.glob import compile_glob
from hookwright.rules.steps import Automation, WaitFor
from hookwright.rules.table import RoutingTable

from ..kept_revisions import NoRevision


class Awaited:
    """Knows them of each revision it was asked about. `tables` answers a table, or raises `NoRevision`."""

    def __init__(self, tables: Callable[[str], RoutingTable]) -> None:
        self._tables = tables
        self._revisions: dict[str, bool] = {}  # and whether it has automations
        self._types: set[str] = set()
        self._globs: set[str] = set()

    def know(self, revision: str) -> bool:
        """Whether a revision has automations; from now on what they wait for is awaited."""
        found = self._revisions.get(revision)
        if found is None:
            automations = list(self._automations(revision))
            for automation in automations:
                for step in automation.all_steps():
                    if isinstance(step.what, WaitFor):
                        self._types.update(step.what.events)
                        self._globs.update(step.what.globs)
            found = self._revisions[revision] = bool(automations)
        return found

    def __call__(self, event_type: str, revision: str) -> bool:
        """Whether a run may wait for an event of this type, accepted under this revision."""
        self.know(revision)
        return event_type in self._types or any(compile_glob(glob).match(event_type) for glob in self._globs)

    def _automations(self, revision: str) -> Iterator[Automation]:
        try:
            table = self._tables(revision)
        except NoRevision:
            return
        for subscriber in table.subscribers:
            if subscriber.automation is not None:
                yield subscriber.automation
