"""Calls Lapps, some at one time: each keeps a thread waiting, and nothing else of a worker."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ..call.prepare import Refusal
from ..lapp.sandbox import Sandbox
from .lapp import LappRun, Ran, ran

AT_ONCE = 8  # calls under way in a worker; further ones wait their turn

Outcome: TypeAlias = Ran | Refusal | None

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Job:
    run: LappRun
    may_begin: Callable[[], bool]
    done: Callable[[Outcome], None]


class Lapping:
    """`done` is called once a job, from any thread; with None when it must not begin any more."""

    def __init__(self, sandbox: Sandbox, *, at_once: int = AT_ONCE) -> None:
        self._sandbox = sandbox
        self._most = at_once
        self._lock = threading.Lock()
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._idle = 0
        self._threads = 0
        self._closed = False

    def submit(self, run: LappRun, may_begin: Callable[[], bool], done: Callable[[Outcome], None]) -> None:
        """Make a call when it is its turn, if it may still begin then."""
        with self._lock:
            closed = self._closed
            grown = not closed and not self._idle and self._threads < self._most
            if grown:
                self._threads += 1
            elif self._idle:
                self._idle -= 1  # the one that will take it
        if closed:
            _answer(done, _stopped())
            return
        self._jobs.put(_Job(run, may_begin, done))
        if grown:
            threading.Thread(target=self._work, name="lapp", daemon=True).start()

    def close(self) -> None:
        """Wait for nobody: what is under way is cut off, and all that waits is answered at once."""
        with self._lock:
            self._closed = True
        self._sandbox.close()
        while True:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return
            _answer(job.done, _stopped())

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            try:
                outcome = self._outcome(job)
            except Exception as error:
                _logger.exception("the call of a Lapp broke down")
                outcome = Refusal("retry", "poison", f"calling it broke down ({type(error).__name__})")
            _answer(job.done, outcome)
            with self._lock:
                if self._jobs.empty():
                    self._idle += 1

    def _outcome(self, job: _Job) -> Outcome:
        if self._closed:
            return _stopped()
        return ran(job.run, self._sandbox.call(job.run.order)) if job.may_begin() else None


def _stopped() -> Refusal:
    return Refusal("retry", "timeout", "the worker stopped")


def _answer(done: Callable[[Outcome], None], outcome: Outcome) -> None:
    try:
        done(outcome)
    except Exception:
        _logger.exception("whoever waited for a Lapp broke down")
