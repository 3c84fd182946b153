"""Whose thread drives calls: that of whoever attends to them, and one of our own while nobody does."""

from __future__ import annotations

import logging
import threading
import time
from typing import Protocol

logger = logging.getLogger(__name__)

PATIENCE = 0.02  # seconds that whoever attended may be away, until our own thread goes on
_LONGEST_WAIT = 60.0  # seconds


class Driven(Protocol):
    """Calls that somebody has to drive. All but `rouse` is called by one thread at a time."""

    def turn(self, seconds: float, fd: int) -> bool:
        """Do what there is to do, waiting up to `seconds` for it. Whether `fd` (-1: none) can be read."""
        ...

    def rouse(self) -> None:
        """End a `turn` that waits, or else the next one. Any thread may call it."""
        ...

    def end(self) -> None:
        """Answer everything: no turn follows."""
        ...


class Driver:
    """Handing each call over to another thread and its answer back costs more than to send it. So the thread
    that makes the calls drives them, in turns it can spare. When it is away for longer, because a plugin
    takes its time, say, our own thread goes on: no call is late for it.
    """

    def __init__(self, driven: Driven) -> None:
        self._driven = driven
        self._seat = threading.Lock()  # held by the thread that drives
        self._sitting: int | None = None  # which one that is
        self._attended = False  # whether somebody attends just now,
        self._left = float("-inf")  # and when the last one left, monotonic
        self._over = threading.Event()
        self._news = threading.Event()  # for those who wait when it is over
        self._thread = threading.Thread(target=self._run, name="transport", daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        return self._over.is_set()

    def attend(self, seconds: float, fd: int = -1) -> bool:
        """Drive for one turn from the calling thread. Used by one thread at a time."""
        self._attended = True
        if not self._seat.acquire(blocking=False):
            self._driven.rouse()
            self._seat.acquire()
        try:
            if not self.is_over:
                return self._turn(seconds, fd)
        finally:
            self._left, self._attended = time.monotonic(), False
            self._seat.release()
        self._news.wait(seconds if fd < 0 else 0)
        self._news.clear()
        return True

    def wake(self) -> None:
        """End a turn that waits, or else the next one."""
        self._news.set()
        self._driven.rouse()

    def close(self) -> None:
        """No turn follows the present one; `end` has been called, unless this thread is just driving."""
        self._over.set()
        self._driven.rouse()
        if self._sitting != threading.get_ident() and threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        while not self.is_over:
            if self._attended or time.monotonic() < self._left + PATIENCE:
                self._over.wait(PATIENCE)
                continue
            with self._seat:
                if not self._attended and not self.is_over:
                    self._turn(_LONGEST_WAIT, -1)
        with self._seat:
            self._driven.end()
        self._news.set()

    def _turn(self, seconds: float, fd: int) -> bool:
        self._sitting = threading.get_ident()
        try:
            return self._driven.turn(seconds, fd)
        except Exception:
            logger.exception("the transport broke down")
            self._over.set()
            return True
        finally:
            self._sitting = None
