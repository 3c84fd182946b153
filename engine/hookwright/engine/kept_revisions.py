"""Kept revisions: every configuration that was live on a node, on its disk as long as a run may need it."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

from hookwright.rules.errors import SourceError
from hookwright.rules.source import Source, from_json
from hookwright.rules.table import RoutingTable

from .errors import JournalError
from .revisions import table_of
from .state import State, write_private

SUPERSEDED = 60.0  # seconds after which nothing is accepted any more under a revision that was replaced
_NAME = re.compile(r"[0-9a-f]{64}\.json")
_TABLES = 8  # kept in memory beside the live one


class NoRevision(Exception):
    """The configuration is not kept here (any more), or cannot be read; the message says why."""


class KeptRevisions:
    """The files `<sha>.json` in one folder, and `live`, which names the one in force.

    A node's server keeps and the runner reads and drops them. `clock` is Unix seconds.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._clock = clock
        self._tables: dict[str, RoutingTable] = {}

    def keep(self, source: Source) -> None:
        """Have a revision on disk before it goes live. Raises `JournalError`."""
        path = self._path(source.revision)
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            if path.exists():
                os.utime(path)
            else:
                write_private(path, source.to_json().decode())
        except OSError as error:
            raise JournalError(f"cannot keep the configuration in {path}: {error.strerror}") from error

    def set_live(self, revision: str) -> None:
        """The revision is in force from now on. Raises `JournalError`."""
        try:
            write_private(self._folder / "live", revision + "\n")
        except OSError as error:
            raise JournalError(f"cannot write {self._folder / 'live'}: {error.strerror}") from error

    def live(self) -> str | None:
        """The revision in force; None before the first one."""
        try:
            return (self._folder / "live").read_text(encoding="ascii").strip() or None
        except OSError:
            return None

    def table(self, revision: str) -> RoutingTable:
        """The routing table of a revision. Raises `NoRevision`."""
        found = self._tables.get(revision)
        if found is None:
            if len(self._tables) >= _TABLES:
                self._tables.pop(next(iter(self._tables)))
            found = self._tables[revision] = self._load(revision)
        return found

    def drop(self, needed: Collection[str]) -> int:
        """Remove the revisions that are neither needed, nor live, nor were so lately; how many."""
        keep = {self._path(each).name for each in (*needed, self.live() or "")}
        dropped = 0
        with suppress(OSError):
            for path in sorted(self._folder.iterdir()):
                if _NAME.fullmatch(path.name) and path.name not in keep and self._is_old(path):
                    path.unlink()
                    dropped += 1
        return dropped

    def _is_old(self, path: Path) -> bool:
        """It was replaced at the latest when `live` was written last."""
        since = max(path.stat().st_mtime, (self._folder / "live").stat().st_mtime)
        return self._clock() - since > SUPERSEDED

    def _path(self, revision: str) -> Path:
        return self._folder / f"{revision.removeprefix('sha256:')}.json"

    def _load(self, revision: str) -> RoutingTable:
        path = self._path(revision)
        if not _NAME.fullmatch(path.name):
            raise NoRevision(f"{revision!r} names no revision")
        try:
            return table_of(from_json(path.read_bytes()))
        except OSError as error:
            raise NoRevision(f"the revision {revision} is not kept any more: {error.strerror}") from error
        except SourceError as error:
            raise NoRevision(f"the revision {revision} cannot be read: {error}") from error


def take_revisions(dead: State, heir: State) -> None:
    """Keep what was live on another node, too: its open runs are carried out as they began. Raises `OSError`.

    Where a runner ran, the heir has one.
    """
    found = sorted(dead.revisions.glob("*.json")) if dead.revisions.is_dir() else []
    if found:
        heir.revisions.mkdir(mode=0o700, exist_ok=True)
    for path in found:
        target = heir.revisions / path.name
        if _NAME.fullmatch(path.name) and not path.is_symlink() and not target.exists():
            write_private(target, path.read_text(encoding="utf-8"))
    if (dead.path / "runner.lock").exists():
        (heir.path / "runner.lock").touch(mode=0o600)
