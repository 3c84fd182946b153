"""Jobs: many deliveries are replayed at a rate, each once a job, whatever dies in between."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import structlog
from msgspec.structs import replace

from ..errors import EngineError, JournalError
from ..history.history import History
from ..history.index_view import HistoryUnavailable
from ..history.job_records import JobRecords, Unfinished
from ..history.row import Filter
from ..instant import timestamp
from ..journal.job import Job, JobState, job_entry, new_job_id
from ..journal.writer import Entry
from .replaying import NotReplayable, OfferingFull, Replays
from .running_job import RunningJob, begin, find_jobs

MOST = 4  # jobs that run at once
PAGE = 100  # deliveries looked up at once; a job's record is written after each
PAUSE = 1.0  # seconds until what could not be done is tried again
REMEMBERED = 100  # jobs that ended in this process, and jobs in a list
GONE = "gone"
_TIMES = {"since", "until"}

log = structlog.get_logger(__name__)


class TooManyJobs(EngineError):
    """As many run as may at once."""


class OtherJob(EngineError):
    """Another one was asked for under the same key."""


class JobEnded(EngineError):
    """It was done before it could be cancelled."""


class Jobs:
    """Works off the jobs of one node, in the process that gives out rounds. Any thread may call it.

    `read` makes a filter of a job's words. `start` begins a thread that calls `turn`; a job goes on where
    index and journal say it was, after a restart and after each failure of the journal.
    """

    def __init__(
        self,
        *,
        folder: Path,
        history: History,
        records: JobRecords,
        replays: Replays,
        record: Callable[[Sequence[Entry]], object],
        read: Callable[[Mapping[str, str]], Filter],
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._history = history
        self._records = records
        self._replays = replays
        self._record = record
        self._read = read
        self._clock = clock
        self._monotonic = monotonic
        self._wake = threading.Condition()
        self._running: dict[str, RunningJob] = {}
        self._ended: dict[str, Job] = {}
        self._unanswered: set[str] = set()  # whose line failed: it may stand there, and nobody knows of it
        self._loaded = False
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="replays", daemon=True)

    @property
    def busy(self) -> bool:
        """Whether one runs, or might."""
        return bool(self._running) or not self._loaded

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Stop after the delivery under way; the next start goes on."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join()
        self._records.close()

    def count(self, words: Mapping[str, str]) -> tuple[int, int]:
        """How many deliveries fit now, and how many of those have not ended. Raises `HistoryUnavailable`."""
        return self._records.count(self._read(words), self._now())

    def ask(self, words: Mapping[str, str], by: str, why: str, rate: str, key: str | None = None) -> Job:
        """Begin a job; it is on disk when this returns. What was asked for under this `key` is that job.

        Raises `TooManyJobs`, `HistoryUnavailable`, `JournalError`, and `OtherJob` when something else was
        asked for under the key; then nothing is replayed.
        """
        name = new_job_id(None if key is None else f"{by}\n{key}")
        with self._wake:
            self._load()
            known = None if key is None else self.get(name)
            if known is not None:
                return _same(known, words, why, rate)
            if len(self._running) >= MOST:
                raise TooManyJobs(f"{MOST} replays of many run already; wait for one, or cancel it")
            asked = self._now()
            count, still_open = self._records.count(self._read(words), asked)
            job = Job(
                id=name,
                asked=timestamp(asked),
                by=by,
                why=why,
                filter=dict(words),
                count=count,
                rate=rate,
                skipped={"notEnded": still_open} if still_open else {},
            )
            self._unanswered.add(job.id)
            self._note(job)
            self._unanswered.discard(job.id)
            self._running[job.id] = self._begin(Unfinished(job))
            self._wake.notify()
            return job

    def get(self, job: str) -> Job | None:
        """How a job stands; None when there is none of that id. Raises `HistoryUnavailable`."""
        running = self._running.get(job)
        return running.job if running else self._ended.get(job) or self._records.get(job)

    def last(self) -> list[Job]:
        """The last jobs, newest first. Raises `HistoryUnavailable`."""
        found = {job.id: job for job in self._records.last(REMEMBERED)}
        found |= self._ended | {name: each.job for name, each in dict(self._running).items()}
        return sorted(found.values(), key=lambda job: job.asked, reverse=True)[:REMEMBERED]

    def cancel(self, job: str, by: str) -> Job | None:
        """End a job: when this returns it replays nothing more. None when there is none of that id.

        Raises `JobEnded`, `HistoryUnavailable` and `JournalError`.
        """
        with self._wake:
            self._load()
            running = self._running.get(job)
            if running:
                return self._end(running, "cancelled", by)
            found = self.get(job)
            if found is not None and found.state == "done":
                raise JobEnded(f"{job} was done at {found.ended}")
            return found

    def turn(self) -> float | None:
        """Do what is due next: seconds until more is, None when no job runs."""
        with self._wake:
            try:
                self._load()
                running = min(self._running.values(), key=lambda each: each.ready, default=None)
                if running is None:
                    return None
                left = running.ready - self._monotonic()
                if left <= 0:
                    self._step(running)
                return max(left, 0.0)
            except (HistoryUnavailable, OfferingFull, OSError) as error:
                log.info("replays_wait", reason=str(error))
            except JournalError as error:
                log.warning("replays_wait", reason=str(error))
                self._loaded = False  # what failed may stand in the journal all the same
            return PAUSE

    def _run(self) -> None:
        with self._wake:
            while not self._closing:
                try:
                    left = self.turn()
                except Exception:  # a fault of ours must not end the other jobs
                    log.exception("replays_failed")
                    left = PAUSE
                self._wake.wait(None if left is None else max(left, 0.001))  # others get a turn, too

    def _step(self, running: RunningJob) -> None:
        """One delivery, or the next page of them."""
        if running.page:
            place = running.page[0]
            self._deal_with(running, place[1])
            running.page.popleft()
            running.cursor = place
            return
        if running.cursor != running.recorded:
            self._write(running, running.job)
        running.page.extend(self._records.page(running.wanted, running.asked, running.cursor, PAGE))
        if not running.page:
            self._end(running, "done")

    def _deal_with(self, running: RunningJob, delivery: str) -> None:
        job = running.job
        if delivery in running.replayed:
            running.replayed.discard(delivery)
            running.count(self._monotonic(), 0)
            return
        try:
            found = self._replays.replay(delivery, job.by, job.why, job.id)
        except NotReplayable as reason:
            running.skip(reason.cause)
            return
        if found is None:
            running.skip(GONE)
        else:
            running.count(self._monotonic(), running.interval)

    def _write(self, running: RunningJob, job: Job) -> None:
        """Note how a job stands. Raises `JournalError`."""
        cursor = running.cursor
        written = replace(job, after=(timestamp(cursor[0]), cursor[1]) if cursor else None)
        self._note(written)
        running.job, running.recorded = written, cursor

    def _note(self, job: Job) -> None:
        """Raises `JournalError`; then the line may stand there all the same, and has to be looked for."""
        try:
            self._record([job_entry(job)])
        except JournalError:
            self._loaded = False
            raise

    def _end(self, running: RunningJob, state: JobState, by: str | None = None) -> Job:
        job = running.job
        missing = job.count - job.done - sum(job.skipped.values())
        if state == "done" and missing > 0:  # history that was dropped meanwhile
            running.skip(GONE, missing)
        ended = replace(running.job, state=state, ended=timestamp(self._now()), stopped_by=by)
        self._write(running, ended)
        del self._running[job.id]
        self._remember(running.job)
        log.info("replays_ended", job=job.id, state=state, done=job.done)
        return running.job

    def _remember(self, ended: Job) -> None:
        """Until the index knows of it."""
        self._ended[ended.id] = ended
        if len(self._ended) > REMEMBERED:
            del self._ended[next(iter(self._ended))]

    def _load(self) -> None:
        """Learn from index and journal which jobs run and how far they are, unless that is known.

        Raises `HistoryUnavailable`, `OSError` and `JournalError`.
        """
        if self._loaded:
            return
        found = find_jobs(self._folder, self._history, self._records).values()
        for each in found:
            if each.job.state != "running":
                self._remember(each.job)
        self._running = {each.job.id: self._begin(each) for each in found if each.job.state == "running"}
        self._loaded = True
        for name in list(self._unanswered):
            if name in self._running:
                self._end(self._running[name], "cancelled")
            self._unanswered.discard(name)

    def _begin(self, unfinished: Unfinished) -> RunningJob:
        return begin(unfinished, self._read(unfinished.job.filter), self._monotonic())

    def _now(self) -> int:
        return int(self._clock() * 1000)


def _same(job: Job, words: Mapping[str, str], why: str, rate: str) -> Job:
    """Times may differ: one that was said as so long ago is another one by now."""
    asked, now = ({name: each[name] for name in each if name not in _TIMES} for each in (job.filter, words))
    if (asked, job.filter.keys(), job.why, job.rate) != (now, words.keys(), why, rate):
        raise OtherJob(f"{job.id} was asked for under the same key, with another filter, rate or reason")
    return job
