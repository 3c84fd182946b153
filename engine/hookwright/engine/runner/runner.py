"""The runner: one process a node, which holds its lock, and goes on whatever the disk does meanwhile."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import structlog

from ..errors import JournalError
from ..journal.lineage import RUNS
from ..journal.repair import Repair, repair
from ..journal.writer import SYNC, Writer
from .conduct import Conduct, House
from .signs import SignOfLife, write_sign

PAUSE = 0.5  # seconds between tries while the journal cannot be written
BEAT_EVERY = 1.0

log = structlog.get_logger(__name__)


class Runner:
    """Carries out the runs of one node. `run` it in a process of its own."""

    def __init__(self, house: House, *, fsync: Callable[[int], None] = SYNC) -> None:
        self._house = house
        self._fsync = fsync
        self._works = True
        self._said: tuple[object, ...] = ()
        self._beat_at = float("-inf")

    def run(self, stop: threading.Event) -> None:
        """Carry out runs until `stop` is set. Waits for the lock of a predecessor.

        A disk that does not work is waited for; anything unforeseen is raised, for whoever started this
        process to start it again.
        """
        house = self._house
        with runner_lock(house.state, stop) as got:
            if not got:
                return
            repaired = [each for each in repair(house.history) if isinstance(each, Repair)]
            with closing(Writer(house.history, RUNS, clock=house.clock, fsync=self._fsync)) as writer:
                for cut in repaired:
                    writer.append("repair", cut)
                while not stop.is_set():
                    self._conduct(writer, stop)

    def _conduct(self, writer: Writer, stop: threading.Event) -> None:
        """Read what there is, then go on until the end, or until the disk does not work."""
        conduct = Conduct(self._house, writer)
        try:
            while not stop.is_set() and conduct.catch_up():
                self._beat(conduct)
            while not stop.is_set():
                worked = conduct.turn()
                self._works = True
                self._beat(conduct)
                if not worked:
                    stop.wait(conduct.pause())
        except (JournalError, OSError) as error:
            if self._works:
                log.warning("unavailable", part="journal", reason=str(error))
            self._works = False
            self._beat(conduct)
            stop.wait(PAUSE)
        finally:
            conduct.close()

    def _beat(self, conduct: Conduct) -> None:
        """Write the sign of life: once a second, and at once when it says something new."""
        house, now = self._house, self._house.monotonic()
        room = not house.room.scarce
        said = (conduct.caught_up, self._works, room, len(conduct) + conduct.emissions > 0)
        if said == self._said and now - self._beat_at < BEAT_EVERY:
            return
        self._said, self._beat_at = said, now
        sign = SignOfLife(
            pid=os.getpid(),
            caught_up=conduct.caught_up,
            journal=self._works,
            room=room,
            open=len(conduct),
            at=house.clock(),
            monotonic=time.monotonic(),
        )
        with suppress(OSError):  # a full disk must not end runs; a stale sign of life says enough
            write_sign(house.state, sign)


@contextmanager
def runner_lock(state: Path, stop: threading.Event) -> Iterator[bool]:
    """Hold the lock of the one who carries out runs; tells whether it was got before `stop`."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(state / "runner.lock", flags, 0o600)
    try:
        got = False
        while not got and not stop.is_set():
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                got = True
            except BlockingIOError:
                stop.wait(0.05)
        yield got
    finally:
        os.close(descriptor)
