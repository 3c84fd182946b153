"""Packed segments: gzip in pieces that can be found one by one, so that a line is read without all before it.

Any gzip reads such a file whole. Each piece is a member of its own, whose header says how long it is, packed
and unpacked.
"""

from __future__ import annotations

import os
import struct
import zlib
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .segment import sync_folder

PIECE = 1024 * 1024  # bytes of lines in a piece
SUFFIX = ".gz"
_HEADER = struct.Struct("<4sLBBH2sHLL")  # magic, time, flags, system, extra's length; ours: id, length, sizes
_MAGIC = b"\x1f\x8b\x08\x04"  # gzip, deflate, with an extra field
_OURS = b"HW"
_TRAILER = struct.Struct("<LL")  # CRC-32 and length of what was packed


@dataclass(frozen=True, slots=True)
class Piece:
    """Where a piece begins in the file, its bytes there, and where it begins in what was packed."""

    place: int
    length: int
    offset: int


def pack(path: Path, fsync: Callable[[int], None] = os.fsync) -> Path:
    """Replace a segment by its packed form, which is on disk under its name before the segment goes.

    A crash leaves either or both, and both say the same. Raises `OSError`; then the segment is as it was.
    """
    packed = path.with_name(path.name + SUFFIX)
    draft = path.with_name(f".{packed.name}")
    try:
        write_packed(path, draft, fsync)
        draft.replace(packed)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    path.unlink()
    sync_folder(path.parent)
    return packed


def write_packed(path: Path, packed: Path, fsync: Callable[[int], None] = os.fsync) -> None:
    """Write what stands in one file into another one, packed and on disk. Raises `OSError`."""
    with path.open("rb") as lines, open(packed, "wb", opener=_private) as out:
        while piece := lines.read(PIECE):
            out.write(_packed(piece))
        out.flush()
        fsync(out.fileno())


def _private(path: str, _flags: int) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)


def _packed(data: bytes) -> bytes:
    deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
    body = deflate.compress(data) + deflate.flush()
    head = _HEADER.pack(_MAGIC, 0, 0, 255, 12, _OURS, 8, len(body), len(data))
    return head + body + _TRAILER.pack(zlib.crc32(data), len(data))


class Packed:
    """A packed segment, read as if it were not. Offsets and `size` are those of what was packed.

    A piece that was damaged reads as NULs, which are no lines. Raises `OSError` for what is no such file.
    """

    alive = False  # nobody writes to it

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._pieces = self._find()
        self._unpacked: tuple[int, bytes] = (-1, b"")

    def _find(self) -> list[Piece]:
        found: list[Piece] = []
        place = offset = 0
        end = os.fstat(self._descriptor).st_size
        while place < end:
            head = os.pread(self._descriptor, _HEADER.size, place)
            fields = _HEADER.unpack(head) if len(head) == _HEADER.size else (b"",) * 9
            if fields[0] != _MAGIC or fields[5] != _OURS or not 0 < fields[8] <= PIECE:
                raise OSError(f"not a packed segment (byte {place})")
            found.append(Piece(place + _HEADER.size, fields[7], offset))
            place += _HEADER.size + fields[7] + _TRAILER.size
            offset += fields[8]
        self.size = offset
        return found

    def read(self, length: int, offset: int) -> bytes:
        """Up to `length` bytes from `offset` on; fewer only at the end."""
        parts: list[bytes] = []
        while length > 0 and offset < self.size:
            number = bisect_right(self._pieces, offset, key=lambda piece: piece.offset) - 1
            start = offset - self._pieces[number].offset
            parts.append(self._piece(number)[start : start + length])
            length -= len(parts[-1])
            offset += len(parts[-1])
        return b"".join(parts)

    def _piece(self, number: int) -> bytes:
        if self._unpacked[0] != number:
            piece = self._pieces[number]
            end = self._pieces[number + 1].offset if number + 1 < len(self._pieces) else self.size
            raw = os.pread(self._descriptor, piece.length + _TRAILER.size, piece.place)
            data = _unpacked(raw, piece.length, end - piece.offset)
            self._unpacked = (number, data or bytes(end - piece.offset))
        return self._unpacked[1]

    def close(self) -> None:
        os.close(self._descriptor)


def _unpacked(raw: bytes, length: int, size: int) -> bytes | None:
    """What a piece holds, if it is whole and that is `size` bytes."""
    inflate = zlib.decompressobj(-15)
    try:
        data = inflate.decompress(raw[:length], size + 1)
        sound = _TRAILER.unpack(raw[length:]) == (zlib.crc32(data), size)
    except (zlib.error, struct.error):
        return None
    return data if sound and len(data) == size else None
