"""Carrying forward: what is open in a segment that is to go is written anew, and stands in a later one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from ..history.carrying import Leaving
from ..journal.carrying import carried_attempt, carried_event, carried_opened
from ..journal.segment import Position
from ..journal.writer import Entry
from .book import Book

PORTION = 500  # deliveries at once, or the bytes below, or one event with all that is open of it
_BYTES = 4 << 20


class Carrying:
    """`append` writes lines, all on disk when it returns.

    The lines say how a delivery stands and are booked like all others, so nobody books anything about it
    between the look at how it stands and their writing. A crash leaves both forms, which say the same.
    """

    def __init__(self, book: Book, append: Callable[[Sequence[Entry]], object]) -> None:
        self._book = book
        self._append = append
        self._segment = ""
        self._after = 0

    def turn(self, segment: str) -> bool:
        """Carry a portion of what is open in a segment; whether there was any, so that there may be more.

        What cannot be read any more is passed over. Raises `JournalError`, `IndexUnavailable` or `OSError`;
        call it again.
        """
        if segment != self._segment:
            self._segment, self._after = segment, 0
        with self._book.lock:
            self._book.follow()
            if self._book.open.waiting.unread:  # it knows some by their places alone
                return False
            found = list(_first(self._book.leaving(segment, self._after)))
            lines = list(self._lines(found))
            if lines:
                self._append(lines)
                self._book.follow()
        if not found:
            self._segment = ""
        return bool(found)

    def _lines(self, found: Iterable[Sequence[Leaving]]) -> Iterator[Entry]:
        """Of the first ones, as many as are not too much to write at once."""
        size = 0
        for together in found:
            for line in self._anew(together):
                yield line
                size += len(line.fields) if isinstance(line.fields, bytes) else 0
            self._after = together[-1].number
            if size >= _BYTES:
                return

    def _anew(self, together: Sequence[Leaving]) -> Iterator[Entry]:
        """The lines of what one line opened."""
        yield from _opening(self._book.folder, together)
        for each in together:
            yield from carried_attempt(self._book.folder, self._book.lines(each.id))


def _opening(folder: Path, together: Sequence[Leaving]) -> list[Entry]:
    first = together[0]
    if first.kind == "event":
        return carried_event(folder, first.event, {each.id: (each.line, each.carried) for each in together})
    return carried_opened(folder, first.line, first.carried)


def _first(found: Iterable[Leaving]) -> Iterator[list[Leaving]]:
    """The first of them, each with all that its event opened."""
    count = 0
    for _, together in groupby(found, key=_place):
        yield (portion := list(together))
        count += len(portion)
        if count >= PORTION:
            return


def _place(leaving: Leaving) -> Position:
    return leaving.event if leaving.kind == "event" else leaving.line
