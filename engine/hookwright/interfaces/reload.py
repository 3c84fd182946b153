"""Reload: notices that a bundle's files changed and has the new text applied whole, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeAlias

from hookwright.rules.files import find_files

Signature: TypeAlias = tuple[tuple[str, int, int, int], ...]


class Reload:
    """Calls `apply` once the files under `path` differ from the last time and have stopped changing.

    `named` are further files the bundle depends on, as the text read last has it.

    `apply` returns False when the new text could not be put into force yet (the ledger is away): it is tried
    again at the next look. A text that is refused counts as seen; it is not read again until it changes.
    """

    def __init__(
        self, path: Path, apply: Callable[[], bool], named: Callable[[], Iterable[Path]] = tuple
    ) -> None:
        self._path = path
        self._apply = apply
        self._named = named
        self._done = signature(path, named())
        self._seen = self._done

    def look(self) -> None:
        """Call this about once a second: two equal looks in a row mean that nobody is writing."""
        now = signature(self._path, self._named())
        if now == self._seen and now != self._done and self._apply():
            self._done = now
        self._seen = now


def signature(path: Path, named: Iterable[Path] = ()) -> Signature:
    """What a change of any file of the bundle at `path` changes: names, inodes, times, sizes.

    Other files there (a log, the state folder) do not matter, but for those that are `named`.
    """
    files = {*(file for file, _ in find_files(path).found), *named}
    return tuple(sorted(entry for file in files if (entry := _entry(file)) is not None))


def _entry(path: Path) -> tuple[str, int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return str(path), status.st_ino, status.st_mtime_ns, status.st_size
