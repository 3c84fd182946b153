"""The journal's writer: lines from many threads, one write and one fsync for all that wait (group commit)."""

from __future__ import annotations

import errno
import os
import stat
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from ..errors import JournalError
from ..instant import timestamp
from .line import LINE_LIMIT, encode
from .segment import Position, Segment, create

SEGMENT_BYTES = 64 * 1024 * 1024
SYNC: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)  # macOS has no fdatasync
_ENVELOPE = 160  # bytes a line has beside its kind's own fields, at most

_encode = msgspec.json.Encoder().encode
Fields = bytes | Mapping[str, object] | msgspec.Struct


class Entry(Struct, frozen=True):
    """One line to write. `fields` is a mapping or struct, or the bytes between an object's braces. `raw` are
    those bytes where they are known beside the fields.
    """

    kind: str
    fields: Fields
    raw: bytes = b""


class Written(Struct, frozen=True):
    """Lines that are on disk: where each stands, when they were written (Unix milliseconds), and where the
    last one ends in its segment.
    """

    positions: list[Position]
    at: int
    end: int


@dataclass(frozen=True, slots=True)
class _Request:
    entries: tuple[tuple[str, bytes], ...]
    future: Future[Any]
    many: bool
    leaves: bool = False


@dataclass(slots=True)
class _Open:
    """The segment being written, and how far its lines are known to be on disk."""

    segment: Segment
    descriptor: int
    path: Path
    identity: tuple[int, int]
    size: int = 0
    places: tuple[str, ...] = ()  # the file, its folder and the one of that

    def __post_init__(self) -> None:
        self.places = tuple(map(str, (self.path, self.path.parent, self.path.parent.parent)))

    def stands(self) -> bool:
        """Whether the file can still be found under its name: not deleted, moved or replaced by a link."""
        try:
            found, *folders = map(os.lstat, self.places)
        except OSError:
            return False
        linked = any(stat.S_ISLNK(folder.st_mode) for folder in folders)
        return (found.st_dev, found.st_ino) == self.identity and not linked


class Writer:
    """Appends lines to segments of its own, from any thread. One `Writer` a process and name.

    A line counts as written when its future resolves: then it is on disk. After any failure the segment is
    left for good and the next lines go to a new one, since after a failed fsync a later success on the same
    file says nothing about the lines before it. `clock` answers Unix seconds. With `cut`, lines that failed
    are taken off the file again as far as the disk allows: for a writer that will write them anew, and whom
    nobody reads meanwhile.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        *,
        clock: Callable[[], float] = time.time,
        fsync: Callable[[int], None] = SYNC,
        segment_bytes: int = SEGMENT_BYTES,
        cut: bool = False,
    ) -> None:
        self._folder = folder
        self._name = name
        self._clock = clock
        self._fsync = fsync
        self._segment_bytes = segment_bytes
        self._cut = cut
        self._open: _Open | None = None
        self._n = 0
        self._number = 0
        self._waiting: list[_Request] = []
        self._pending = 0
        self._closing = False
        self._wake = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=f"journal-{name}", daemon=True)
        self._thread.start()

    @property
    def pending(self) -> int:
        """Lines handed over and not yet on disk."""
        return self._pending

    def append(self, kind: str, fields: Fields) -> Future[Position]:
        """Write one line. The future fails with `JournalError`; a line over 1 MiB raises it at once."""
        future: Future[Position] = Future()
        self._submit(_Request((_encoded(Entry(kind, fields)),), future, many=False))
        return future

    def append_many(self, entries: Sequence[Entry]) -> Future[Written]:
        """Write lines that stand together: one after the other in one segment, all or none acknowledged."""
        future: Future[Written] = Future()
        if entries:
            self._submit(_Request(tuple(map(_encoded, entries)), future, many=True))
        else:
            future.set_result(Written([], 0, 0))
        return future

    def rotate(self) -> None:
        """Leave the segment that is open: on return it has no writer. Lines appended after go to another."""
        future: Future[None] = Future()
        self._submit(_Request((), future, many=True, leaves=True))
        future.result()

    def close(self) -> None:
        """Write what waits, then stop. Later appends fail. Closing twice is harmless."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()

    def _submit(self, request: _Request) -> None:
        with self._wake:
            if self._closing:
                raise JournalError("the journal is closed")
            self._waiting.append(request)
            self._pending += len(request.entries)
            self._wake.notify()

    def _run(self) -> None:
        while requests := self._take():
            running = [each for each in requests if each.future.set_running_or_notify_cancel()]
            self._commit([each for each in running if not each.leaves])
            self._rotate([each for each in running if each.leaves])
            with self._wake:
                self._pending -= sum(len(each.entries) for each in requests)
        self._leave()

    def _rotate(self, requests: list[_Request]) -> None:
        if requests:
            self._leave()
        for request in requests:
            request.future.set_result(None)

    def _take(self) -> list[_Request]:
        """All that waits; empty only when the writer was closed."""
        with self._wake:
            while not (self._waiting or self._closing):
                self._wake.wait()
            taken, self._waiting = self._waiting, []
            return taken

    def _commit(self, requests: list[_Request]) -> None:
        if not requests:
            return
        try:
            written = self._write(requests)
        except OSError as error:
            self._cut_back()
            self._leave()
            failure = JournalError(f"cannot write to {self._folder}: {error.strerror or error}")
            for request in requests:
                request.future.set_exception(failure)
            return
        for request, found in zip(requests, written, strict=True):
            request.future.set_result(found if request.many else found.positions[0])

    def _write(self, requests: list[_Request]) -> list[Written]:
        now = int(self._clock() * 1000)
        target = self._target(timestamp(now)[:10])
        offset = target.size
        lines: list[bytes] = []
        written: list[Written] = []
        for request in requests:
            found: list[Position] = []
            for kind, fields in request.entries:
                self._n += 1
                lines.append(encode(self._n, now, kind, fields))
                found.append(Position(target.segment.name, offset))
                offset += len(lines[-1])
            written.append(Written(found, now, offset))
        _write_all(target.descriptor, b"".join(lines))
        self._fsync(target.descriptor)
        if not target.stands():
            raise OSError(errno.ENOENT, f"{target.segment.name} was taken away while it was written")
        target.size = offset
        return written

    def _target(self, day: str) -> _Open:
        """The open segment, or a new one when the day changed, it is full, or its file is gone."""
        current = self._open
        if current and (
            current.segment.day != day or current.size >= self._segment_bytes or not current.stands()
        ):
            self._leave()
            current = None
        if current is None:
            segment, descriptor = create(self._folder, self._name, day, self._number)
            self._number = segment.number  # never used again, even if all segments vanish
            status = os.fstat(descriptor)
            path = self._folder / segment.name
            self._open = current = _Open(segment, descriptor, path, (status.st_dev, status.st_ino))
        return current

    def _cut_back(self) -> None:
        if self._open and self._cut:
            with suppress(OSError):
                os.ftruncate(self._open.descriptor, self._open.size)

    def _leave(self) -> None:
        """Close the open segment; one that never got a byte (a full disk) is removed again."""
        left, self._open = self._open, None
        if left is None:
            return
        with suppress(OSError):  # nothing that counts as written depends on it
            if left.size == 0 and os.fstat(left.descriptor).st_size == 0 and left.stands():
                left.path.unlink()
                self._number -= 1
        with suppress(OSError):
            os.close(left.descriptor)


def encode_fields(fields: Mapping[str, object] | Struct) -> bytes:
    """Fields as they stand between the braces of a line."""
    return _encode(fields)[1:-1]


def _encoded(entry: Entry) -> tuple[str, bytes]:
    fields = entry.fields
    raw = entry.raw or (fields if isinstance(fields, bytes) else encode_fields(fields))
    if len(raw) + _ENVELOPE > LINE_LIMIT:
        raise JournalError(f"a line of kind {entry.kind!r} would be larger than {LINE_LIMIT} bytes")
    return entry.kind, raw


def _write_all(descriptor: int, data: bytes) -> None:
    """One write in practice; a short one (a full disk, a signal) goes on until it fails or is done."""
    written = os.write(descriptor, data)
    while written < len(data):
        written += os.write(descriptor, memoryview(data)[written:])
