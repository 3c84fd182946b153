"""Rewriting: a finished segment is replaced by one of the same length in which some lines are blanked."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from .blanking import Blanking, Subject
from .content import open_content
from .packed import SUFFIX, write_packed
from .reader import CHUNK, Found, Reader
from .segment import sync_folder

Edit = tuple[int, bytes]  # where, and what stands there from now on


def rewrite(folder: Path, name: str, subject: Subject, fsync: Callable[[int], None] = os.fsync) -> int:
    """Blank what a segment without a writer says of the subject; how many lines and damaged places that were.

    The new file is on disk under its name before the old one goes. A crash leaves one of them; to do it
    again is harmless. Raises `OSError` and `JournalError`; then the segment is as it was.
    """
    path = folder / name
    _tidy(path)
    edits = list(_edits(folder, name, subject))
    if not edits:
        return 0
    draft = path.with_name(f".{path.name}")
    try:
        _copy(folder, name, edits, draft, fsync)
        target, packed = path, path.with_name(path.name + SUFFIX)
        if not path.exists():
            target, plain, draft = packed, draft, path.with_name(f".{packed.name}")
            write_packed(plain, draft, fsync)
            plain.unlink()
        draft.replace(target)
    finally:
        _remove_drafts(path)
    sync_folder(path.parent)
    return len(edits)


def mentions(folder: Path, name: str, subject: Subject) -> bool:
    """Whether a segment says something of the subject that would be blanked. Raises `OSError`."""
    return any(True for _ in _edits(folder, name, subject))


def _tidy(path: Path) -> None:
    """What a crash left beside the segment says the same as the segment: drafts, and a second form of it."""
    _remove_drafts(path)
    if path.exists():
        path.with_name(path.name + SUFFIX).unlink(missing_ok=True)


def _remove_drafts(path: Path) -> None:
    for suffix in ("", SUFFIX):
        path.with_name(f".{path.name}{suffix}").unlink(missing_ok=True)


def _edits(folder: Path, name: str, subject: Subject) -> Iterator[Edit]:
    blanking = Blanking(subject)
    with closing(Reader(folder, name)) as reader:
        while not reader.finished and (found := reader.read()):  # a torn end is read as often as one likes
            for each in found:
                if isinstance(each, Found):
                    blanked = blanking.blanked(each.line)
                    if blanked is not None:
                        yield each.position.offset, blanked
                elif each.length:
                    yield from _damaged(folder, name, each.position.offset, each.length, subject)


def _damaged(folder: Path, name: str, offset: int, length: int, subject: Subject) -> Iterator[Edit]:
    """Bytes that are no line and name the subject become white space."""
    with closing(open_content(folder, name)) as content:
        raw = content.read(length, offset)
    if subject.mentioned(raw):
        yield offset, b"\n".join(b" " * len(part) for part in raw.split(b"\n"))


def _copy(folder: Path, name: str, edits: list[Edit], draft: Path, fsync: Callable[[int], None]) -> None:
    with closing(open_content(folder, name)) as content, open(draft, "wb", opener=_private) as out:
        offset = 0
        for place, text in edits:
            _pass_on(content.read, out, offset, place)
            out.write(text)
            offset = place + len(text)
        _pass_on(content.read, out, offset, content.size)
        out.flush()
        fsync(out.fileno())


def _pass_on(read: Callable[[int, int], bytes], out: BinaryIO, offset: int, end: int) -> None:
    while offset < end:
        chunk = read(min(CHUNK, end - offset), offset)
        if not chunk:
            raise OSError(f"the segment ends at byte {offset}")
        out.write(chunk)
        offset += len(chunk)


def _private(path: str, _flags: int) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
