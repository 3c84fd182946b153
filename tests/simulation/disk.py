"""A disk that remembers what was fsynced, so that the power can fail."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from random import Random


class Disk:
    """Files are real; `fsync` notes how much of one would survive. `failing` makes it fail with EIO, `dying`
    as well, and says that the power fails at this very moment.

    A disk that is not `honest` says yes and keeps nothing.
    """

    def __init__(self, rng: Random, *, honest: bool = True) -> None:
        self._rng = rng
        self._honest = honest
        self._kept: dict[int, int] = {}  # bytes by inode
        self.failing = self.dying = False

    def fsync(self, descriptor: int) -> None:
        if self.failing or self.dying:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        if self._honest:
            status = os.fstat(descriptor)
            self._kept[status.st_ino] = status.st_size

    def cut_power(self, folder: Path) -> int:
        """Every segment keeps what was fsynced and a part of the rest; how many lost something."""
        self.dying = False
        torn = 0
        for path in folder.glob("*/*.jsonl"):
            status = path.stat()
            kept = min(self._kept.get(status.st_ino, 0), status.st_size)
            left = self._rng.randint(kept, status.st_size)
            if left < status.st_size:
                os.truncate(path, left)
                torn += 1
        return torn
