"""Inheriting: the segments of another node's journal are copied into this one, each whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from ..errors import JournalError
from .lineage import generation, heirloom, reading_order
from .packed import SUFFIX
from .segment import Segment, list_segments, make_folder, sync_folder


def inherit(
    source: Path,
    target: Path,
    node: str,
    *,
    fsync: Callable[[int], None] = os.fsync,
    copied: Callable[[str], None] = lambda _: None,
) -> int:
    """Copy the segments in `source`, the journal of `node`, to `target`, and say how many there are.

    Nobody may write to `source` or follow `target` meanwhile. What was copied before is passed over, so it
    may be called again after any failure. `copied` hears of each name. Raises `OSError` and `JournalError`.
    """
    segments = sorted(list_segments(source), key=reading_order)
    number = 1 + max((generation(each.writer) or 0 for each in segments), default=0)
    make_folder(target)
    count = 0
    for segment in segments:
        found = _file(source, segment)
        if found.stat().st_size == 0:  # its writer died before its first line
            continue
        renamed = Segment(heirloom(segment.writer, node, number), segment.number, segment.day)
        suffix = SUFFIX if found.suffix == SUFFIX else ""
        make_folder(target / segment.day)
        _copy(found, target / (renamed.name + suffix), fsync)
        copied(renamed.name)
        count += 1
    return count


def _file(folder: Path, segment: Segment) -> Path:
    plain = folder / segment.name
    return plain if plain.exists() else folder / (segment.name + SUFFIX)


def _copy(source: Path, target: Path, fsync: Callable[[int], None]) -> None:
    if target.exists():
        if target.stat().st_size != source.stat().st_size:
            raise JournalError(f"{target} is there already and is not a copy of {source}")
        return
    draft = target.with_name(f".{target.name}")
    with open(source, "rb", opener=_no_link) as lines, open(draft, "wb", opener=_private) as out:
        shutil.copyfileobj(lines, out)
        out.flush()
        fsync(out.fileno())
    draft.replace(target)
    sync_folder(target.parent)


def _no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW)


def _private(path: str, _flags: int) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
