"""The content of a segment, whether it is packed or not."""

from __future__ import annotations

import os
from pathlib import Path

from .packed import SUFFIX, Packed
from .segment import has_writer, open_segment


class Plain:
    """A segment as it was written. Raises `OSError`."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @property
    def alive(self) -> bool:
        """Whether some process may still write to it."""
        return has_writer(self._descriptor)

    @property
    def size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def read(self, length: int, offset: int) -> bytes:
        """Up to `length` bytes from `offset` on; fewer only at the end."""
        return os.pread(self._descriptor, length, offset)

    def close(self) -> None:
        os.close(self._descriptor)


def open_content(folder: Path, name: str) -> Plain | Packed:
    """The content of the segment of this name. Raises `OSError`; a symbolic link is refused.

    It may be packed at any moment: then it stands under its other name before it leaves this one.
    """
    try:
        return Plain(open_segment(folder, name))
    except FileNotFoundError:
        return _packed(open_segment(folder, name + SUFFIX))


def _packed(descriptor: int) -> Packed:
    try:
        return Packed(descriptor)
    except OSError:
        os.close(descriptor)
        raise


def exists(folder: Path, name: str) -> bool:
    """Whether there is a segment of this name, packed or not."""
    return (folder / name).exists() or (folder / (name + SUFFIX)).exists()
