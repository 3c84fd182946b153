"""The index as readers see it: one connection for all threads, renewed when the file is replaced."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NewType

from ..errors import EngineError
from .index import WHOLE
from .mishap import damaged

BUILDING = "the index is being built from the journal"
Rows = list[tuple[Any, ...]]
Whole = NewType("Whole", int)  # the connection to an index that knew all of the journal; 0 is none


class HistoryUnavailable(EngineError):
    """The index cannot be read now; the message says why."""


class IndexView:
    """Reads the index at a path. With `discard` it takes away one that it finds damaged."""

    def __init__(self, path: Path, *, discard: bool) -> None:
        self._path = path
        self._may_discard = discard
        self._generation = 1  # of the connection; the file's identity may be that of one deleted before
        self._whole = Whole(0)
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None
        self._absences = 0
        self.identity: tuple[int, int, int] | None = None  # of the file; a number may be given to another one

    def close(self) -> None:
        with self._lock:
            self._disconnect()

    def query(self, sql: str, values: Sequence[object]) -> Rows:
        """All rows; none when there is no index yet. Raises `HistoryUnavailable`."""
        with self._lock:
            was_whole = self._whole == self._generation
            for last in (False, True):
                try:
                    database = self._connect()
                    return database.execute(sql, values).fetchall() if database else []
                except sqlite3.Error as error:
                    self._disconnect()
                    if str(error).startswith("no such table"):  # it is being made this moment
                        if was_whole:
                            self._discard()
                        return []
                    if last:
                        if damaged(error):
                            self._discard()
                        raise HistoryUnavailable(f"cannot read {self._path}: {error}") from error
        raise AssertionError

    def whole(self) -> Whole:
        """The connection, if its index knows all of the journal: ask before a query, and `still` after it."""
        if self._whole != self._generation:
            generation = self._generation
            (whole,) = self.query(WHOLE, []) or [(False,)]
            self._whole = Whole(generation if whole[0] else 0)
        return self._whole

    def still(self, whole: Whole) -> bool:
        """Whether what was asked since then was asked of the same, whole index."""
        return whole == self._generation

    def _discard(self) -> None:
        """Take a damaged index away, so that whoever keeps it builds it anew from the journal."""
        with suppress(OSError):
            status = self._path.stat()
            if self._may_discard and (status.st_dev, status.st_ino, self._absences) == self.identity:
                self._path.unlink()
                self._absences += 1

    def _connect(self) -> sqlite3.Connection | None:
        """The connection, renewed when the file was replaced."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            self._disconnect()
            self._absences += 1
            return None
        identity = (status.st_dev, status.st_ino, self._absences)
        if self._database is None or identity != self.identity:
            self._disconnect()
            self.identity = identity
            self._database = _open(self._path)
        return self._database

    def _disconnect(self) -> None:
        if self._database:
            self._database.close()
            self._generation += 1
        self._database = None


def _open(path: Path) -> sqlite3.Connection:
    """Read-only. In a folder that cannot be written no lock is taken: nobody writes there anyway."""
    for mode in ("mode=ro", "mode=ro&immutable=1"):
        database = sqlite3.connect(
            f"{path.absolute().as_uri()}?{mode}", uri=True, check_same_thread=False, timeout=5
        )
        try:
            database.execute("SELECT 1 FROM sqlite_schema").fetchone()
        except sqlite3.OperationalError:
            database.close()
            if "immutable" in mode:
                raise
        else:
            return database
    raise AssertionError
