"""Runs notifiers in threads of their own: one that hangs holds up neither calls nor other notifiers.

A thread cannot be ended from outside, so one that outlasts its deadline is abandoned: its answer no longer
counts. Of one notifier at most so many threads are alive; while they all hang, nothing more of it is tried.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ..call.prepare import Prepared, Refusal

DEADLINE = 30.0  # seconds a notifier has to tell a notice or to make its request
ALIVE = 8  # threads of one notifier, abandoned ones included

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """The notifier told it by itself: there is no request to send."""


Outcome: TypeAlias = Prepared | Refusal | Told


@dataclass(slots=True, eq=False)
class _Job:
    notifier: str
    work: Callable[[], Outcome]
    done: Callable[[Outcome], None]
    due: float


class Notifying:
    """Runs one job a thread. `done` is called once a job, from any thread, whatever becomes of the job."""

    def __init__(self, *, deadline: float = DEADLINE, alive: int = ALIVE) -> None:
        self._deadline = deadline
        self._most = alive
        self._changed = threading.Condition()
        self._open: dict[_Job, None] = {}  # in order of `due`, since all have the same deadline
        self._alive: Counter[str] = Counter()
        self._closed = False
        self._timekeeper: threading.Thread | None = None

    def submit(self, notifier: str, work: Callable[[], Outcome], done: Callable[[Outcome], None]) -> None:
        """Run `work`, which must not raise, for `notifier` (its id); `done` hears what came of it."""
        refusal = self._begin(_Job(notifier, work, done, time.monotonic() + self._deadline))
        if refusal is not None:
            _answer(done, refusal)

    def close(self) -> None:
        """Wait for nobody: what is still running is answered at once."""
        with self._changed:
            self._closed = True
            jobs = list(self._open)
            self._open.clear()
            self._changed.notify_all()
        for job in jobs:
            _answer(job.done, Refusal("retry", "timeout", "the worker stopped"))

    def _begin(self, job: _Job) -> Refusal | None:
        with self._changed:
            if self._closed:
                return Refusal("retry", "timeout", "the worker stopped")
            if self._alive[job.notifier] >= self._most:
                return Refusal(
                    "retry", "timeout", f"{self._most} earlier notices still hang in this notifier"
                )
            thread = threading.Thread(target=self._run, args=(job,), name="notifier", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                return Refusal("retry", "poison", "no thread can be started")
            self._alive[job.notifier] += 1
            self._open[job] = None
            if self._timekeeper is None:
                self._timekeeper = threading.Thread(
                    target=self._keep_time, name="notifier-clock", daemon=True
                )
                self._timekeeper.start()
            self._changed.notify()
        return None

    def _run(self, job: _Job) -> None:
        try:
            outcome = job.work()
        except BaseException as error:  # noqa: BLE001  # an answer must come, whatever a plugin does
            # Without a traceback: the error's text may hold a secret.
            _logger.error("notifier %s broke down: %s", job.notifier, type(error).__name__)
            outcome = Refusal("retry", "poison", f"telling it broke down ({type(error).__name__})")
        with self._changed:
            self._alive[job.notifier] -= 1
            counts = job in self._open
            self._open.pop(job, None)
        if counts:
            _answer(job.done, outcome)

    def _keep_time(self) -> None:
        while True:
            with self._changed:
                if self._closed:
                    return
                job = next(iter(self._open), None)
                left = None if job is None else job.due - time.monotonic()
                if job is None or (left is not None and left > 0):
                    self._changed.wait(left)
                    continue
                del self._open[job]
            _answer(job.done, Refusal("retry", "timeout", f"the notifier took over {self._deadline:g} s"))


def _answer(done: Callable[[Outcome], None], outcome: Outcome) -> None:
    try:
        done(outcome)
    except Exception:
        _logger.exception("whoever waited for a notifier broke down")
