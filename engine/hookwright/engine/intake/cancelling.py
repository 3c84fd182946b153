"""Cancelling runs: the wish is on disk before it is answered, and the runner carries it out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..delivery import Status
from ..errors import EngineError
from ..history.run_view import RunRow, Runs
from ..journal.runs import CancelLine
from ..journal.writer import Entry


class RunEnded(EngineError):
    """A run that has ended cannot be cancelled."""

    def __init__(self, row: RunRow) -> None:
        super().__init__(f"{row.id} has ended: {row.status}")
        self.row = row


@dataclass(frozen=True, slots=True)
class Cancels:
    """Asks for the end of runs. `record` returns when lines are on disk (raises `JournalError`)."""

    runs: Runs
    record: Callable[[Sequence[Entry]], object]

    def cancel(self, run: str, by: str, why: str) -> RunRow | None:
        """The run as it stands, which ends soon; None when there is no such run.

        Raises `RunEnded`, `HistoryUnavailable` and `JournalError`. Asking twice is asking once.
        """
        row = next(iter(self.runs.find(run, 1)), None)
        if row is None or row.id != run:
            return None
        if row.status is not Status.IN_QUEUE:
            raise RunEnded(row)
        self.record([Entry("run_cancel", CancelLine(run=run, by=by, why=why))])
        return row
