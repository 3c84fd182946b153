"""A `Course`: an open run as the runner keeps it, with the deliveries it asked for."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..journal.outcome import Attempt
from ..run.record import CallEnd, StepRecord
from ..run.run import Run
from .memory import Remembered


@dataclass(slots=True)
class Call:
    """A delivery that a run asked for: its order at `path`, in that `round`. `attempt` is its last one."""

    path: str
    round: int
    attempt: Attempt | None = None
    emitted: dict[str, str] = field(default_factory=dict)  # the event it becomes, where it is no call


@dataclass(slots=True)
class Course:
    """One open run. Times are Unix milliseconds.

    `run` is None until the event that began it was read; `records` wait for that. `rank` orders runs by
    their acceptance. `calls` are those under way, `ends` are their ends that are not recorded yet, `settled`
    all that ended. `wake` is when it goes on by itself, `timed` the time it is waited for. `hidden` are
    values nobody may read. `heard` are events that one of its waits may want, and that were not looked at.
    `stop` is why it is to be cancelled. It is `by_clock` when no event began it, but a time.
    """

    id: str
    entity_id: str
    revision: str
    place: str = ""
    due: int = 0
    accepted: int = 0
    rank: int = 0
    run: Run | None = None
    key: str = ""
    begun: bool = False
    queued: bool = False  # it was told to wait for its turn
    refusal: tuple[str, str] | None = None
    records: list[StepRecord] = field(default_factory=list)
    calls: dict[str, Call] = field(default_factory=dict)
    ends: list[CallEnd] = field(default_factory=list)
    settled: set[str] = field(default_factory=set)
    wake: int | None = None
    timed: int | None = None
    hidden: frozenset[str] = frozenset()
    hops: int = 0
    heard: list[Remembered] = field(default_factory=list)
    stop: str = ""
    by_clock: bool = False
    since: int = 0  # the mark of the journal from which on its lines stand

    def record(self, records: list[StepRecord]) -> None:
        """Take what is recorded of its steps."""
        if self.run is None:
            self.records += records
        else:
            self.run = self.run.with_records(records)
