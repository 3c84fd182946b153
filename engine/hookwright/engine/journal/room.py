"""Room: whether the disk has enough left for what is under way, looked at before it is full."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

RESERVE = 8 * 1024 * 1024  # bytes that stay free: what is in flight when the disk fills must still be booked
LOOK_EVERY = 0.25  # seconds


class Room:
    """Says whether less than `reserve` bytes are left for `folder`; for any thread.

    `free` answers the bytes left. A folder that cannot be asked has room: writing to it says what is wrong.
    """

    def __init__(
        self,
        folder: Path,
        reserve: int = RESERVE,
        *,
        free: Callable[[Path], int] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._reserve = reserve
        self._free = free or free_bytes
        self._clock = clock
        self._at = float("-inf")
        self._scarce = False

    @property
    def scarce(self) -> bool:
        """Whether nothing new may be taken on. What was begun may still be written."""
        now = self._clock()
        if now - self._at >= LOOK_EVERY:
            self._at = now
            try:
                self._scarce = self._free(self._folder) < self._reserve
            except OSError:
                self._scarce = False
        return self._scarce

    def __str__(self) -> str:
        return f"less than {self._reserve / 2**20:g} MiB are free under {self._folder}"


def free_bytes(folder: Path) -> int:
    """What a user who is not root may still write there. Raises `OSError`."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
