"""Batching: closed batches are written into the journal; from there they are followed and offered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import structlog

from hookwright.plugins.hookspecs import Encoder

from ..journal.origin import Origin, read_origin
from ..journal.sealing import vault_of
from ..journal.writer import Entry
from .book import Book
from .closing import batch_entries
from .gathering import Closing

BATCHES_PER_TURN = 200
MEMBERS_PER_TURN = 10_000  # or a single batch; each has to be read
BYTES_PER_TURN = 4 << 20  # of their data, or a single batch

log = structlog.get_logger(__name__)


class Batching:
    """Writes what the members of `book` make up. `append` writes lines, all on disk when it returns.

    `encoders` are found by their names. `clock` is Unix seconds; `checkpoint` as for booking.
    """

    def __init__(
        self,
        book: Book,
        append: Callable[[Sequence[Entry]], object],
        encoders: Mapping[str, Encoder],
        *,
        clock: Callable[[], float],
        checkpoint: Callable[[str], None],
    ) -> None:
        self._book = book
        self._append = append
        self._encoders = encoders
        self._clock = clock
        self._checkpoint = checkpoint

    def wait(self) -> int | None:
        """In how many milliseconds the next turn has something to do; None when nobody can tell yet."""
        with self._book.lock:
            return self._book.open.waiting.wait(self._now()) if self._book.whole else None

    def turn(self) -> None:
        """Write what is closed by now. Raises `JournalError`, `IndexUnavailable` or `OSError`; call again.

        The journal is followed first, so that all members that are due have come in, and afterwards, so that
        no member is taken into a second batch.
        """
        if self.wait() != 0:
            return
        now = self._now()
        self._book.follow()
        with self._book.standing:
            with self._book.lock:
                closings = list(_within(self._book.open.waiting.closings(now, BATCHES_PER_TURN)))
            lines = [line for closing in closings for line in self._lines(closing)]
        if lines:
            self._append(lines)
            self._checkpoint("batched")
        with self._book.lock:
            self._book.follow()
            for closing in closings:
                self._book.open.waiting.gone(closing)
        self._checkpoint("batch_indexed")

    def _lines(self, closing: Closing) -> list[Entry]:
        origins = list(self._origins(closing))
        if not origins:
            return []
        return batch_entries(closing, origins, self._encoders, vault_of(self._book.folder))

    def _origins(self, closing: Closing) -> Iterator[Origin]:
        """The members as they were accepted; one that cannot be read any more is left out and stays open."""
        with self._book.lock:
            open_ = self._book.open
            found = [(each.id, opening) for each in closing.batch.members if (opening := open_.get(each.id))]
        for member, opening in found:
            origin = read_origin(self._book.folder, opening.event, opening.line, member)
            if origin is None:
                log.error("delivery_unreadable", delivery=member, segment=opening.line.segment)
            else:
                yield origin

    def _now(self) -> int:
        return int(self._clock() * 1000)


def _within(closings: Sequence[Closing]) -> Iterator[Closing]:
    """The first ones, as long as they are not too much for one turn."""
    members = size = 0
    for closing in closings:
        members += len(closing.batch.members)
        size += sum(each.size for each in closing.batch.members)
        if closing is not closings[0] and (members > MEMBERS_PER_TURN or size > BYTES_PER_TURN):
            return
        yield closing
