"""Catching up: enters into the index what no bookkeeper has, for who reads the history without one."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from ..heir import adopting
from ..journal.follow import Follower
from ..state import State
from .index import Index


@contextmanager
def book_lock(path: Path, stop: threading.Event | None = None) -> Iterator[bool]:
    """Hold the lock of the one who writes the index in the state folder `path`; tells whether it was got.

    With `stop` it waits, until that is set; without, it only tries. Raises `OSError`.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path / "bookkeeper.lock", flags, 0o600)
    try:
        while not (got := _try_lock(descriptor)):
            if stop is None or stop.wait(0.05):
                break
        yield got
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def catch_up(state: Path) -> None:
    """Bring the index up to date when no bookkeeper does; without the right to write, leave it as it is."""
    folder = State(state).history
    with suppress(OSError, sqlite3.Error), book_lock(state) as got:
        if not got or adopting(State(state)):  # half of a journal tells of the end of what nobody knows yet
            return
        index = Index(State(state).index, folder)
        with closing(index), closing(Follower(folder, index.progress())) as follower:
            while (batch := follower.poll()).more or batch.progress:
                index.apply(batch)
            index.mark_whole()
