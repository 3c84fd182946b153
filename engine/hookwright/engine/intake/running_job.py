"""A job under way: what it selects, how far it is, and when it is to go on."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from hookwright.schemas.grammar import rate as read_rate

from ..history.history import History
from ..history.job_records import JobRecords, Place, Unfinished
from ..history.row import Filter
from ..instant import milliseconds
from ..journal.follow import Derived, Item, Reported
from ..journal.job import Job
from ..journal.opened import Replayed
from .unindexed import unindexed


@dataclass(slots=True)
class RunningJob:
    """A job under way. `replayed` are deliveries that its record does not count yet, `due` is monotonic."""

    job: Job
    wanted: Filter
    asked: int
    interval: float
    due: float
    replayed: set[str]
    cursor: Place | None
    recorded: Place | None
    page: deque[Place] = field(default_factory=deque)

    @property
    def ready(self) -> float:
        """When there is something to do; to look for more, or that there is no more, is never held up."""
        return self.due if self.page else float("-inf")

    def skip(self, cause: str, number: int = 1) -> None:
        skipped = {**self.job.skipped, cause: self.job.skipped.get(cause, 0) + number}
        self.job = replace(self.job, skipped=skipped)

    def count(self, now: float, interval: float) -> None:
        """One more was replayed. What came late is made up for by one, not by a burst."""
        self.job = replace(self.job, done=self.job.done + 1)
        self.due = max(self.due + interval, now)


def begin(unfinished: Unfinished, wanted: Filter, now: float) -> RunningJob:
    """Where it goes on; `now` is monotonic."""
    job = unfinished.job
    number, period = read_rate(job.rate)
    cursor = (milliseconds(job.after[0]), job.after[1]) if job.after else None
    return RunningJob(
        job=job,
        wanted=wanted,
        asked=milliseconds(job.asked),
        interval=period / number / 1000,
        due=now,
        replayed=unfinished.replayed,
        cursor=cursor,
        recorded=cursor,
    )


def find_jobs(folder: Path, history: History, records: JobRecords) -> dict[str, Unfinished]:
    """The jobs that run, by id, as index and journal say, and those of whose end the index does not know yet.

    Raises `HistoryUnavailable` and `OSError`.
    """
    progress = history.progress()  # first: what the index learns meanwhile is only read twice
    found = records.running()
    for item in unindexed(folder, progress):
        _follow(found, item)
    return found


def _follow(found: dict[str, Unfinished], item: Item) -> None:
    """Take in what one item of the journal says, again if need be."""
    if isinstance(item, Reported):
        found[item.job.id] = Unfinished(item.job)
    elif isinstance(item, Derived) and not item.opened.carried:  # what was carried was counted before
        replayed = item.opened
        if isinstance(replayed, Replayed) and replayed.job in found:
            found[replayed.job].replayed.add(replayed.of)
