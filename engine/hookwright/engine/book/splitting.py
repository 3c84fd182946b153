"""Splitting: a batch that was refused is journalled as two halves, and ends when they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import structlog

from hookwright.plugins.hookspecs import Encoder

from ..delivery import Status
from ..journal.opened import Batched, read_opened
from ..journal.origin import Origin, read_origin
from ..journal.outcome import Settled
from ..journal.sealing import vault_of
from ..journal.writer import Entry
from .book import Book
from .closing import batch_entries
from .half import Half, half_id, halves
from .open_work import Refused

SPLITS_PER_TURN = 20  # each with the bodies of its halves

log = structlog.get_logger(__name__)


class Splitting:
    """Takes apart what the open set says is refused. `append` writes lines, all on disk when it returns.

    The try that was refused stands in the journal; from then on the batch is offered no more, and its members
    have nowhere to go but the halves. These, and the end of the batch, are written at once, that end last:
    a crash in between leaves a batch with one half, and the next turn adds the other.
    """

    def __init__(
        self,
        book: Book,
        append: Callable[[Sequence[Entry]], object],
        encoders: Mapping[str, Encoder],
        *,
        checkpoint: Callable[[str], None],
    ) -> None:
        self._book = book
        self._append = append
        self._encoders = encoders
        self._checkpoint = checkpoint

    def turn(self) -> None:
        """Split what is to be. Raises `JournalError`, `IndexUnavailable` or `OSError`; call again.

        The journal is followed first, so that what an earlier turn wrote is not written again.
        """
        if not self._book.open.refused:
            return
        self._book.follow()
        with self._book.lock:
            found = self._book.open.next_refused(SPLITS_PER_TURN)
        for refused in found:
            with self._book.standing:
                lines = self._lines(refused)
            self._append(lines)
            self._checkpoint("split")
        self._book.follow()
        self._checkpoint("split_indexed")

    def _lines(self, refused: Refused) -> list[Entry]:
        read = read_opened(self._book.folder, refused.opening.line)
        batch = read[0] if read else None
        members = self._members(refused.id)
        if not isinstance(batch, Batched) or None in members.values():
            log.error("batch_not_split", delivery=refused.id, segment=refused.opening.line.segment)
            reason = f"{refused.reason}; it cannot be split: events of it cannot be read any more"
            return [self._end(refused, Status.FAILURE, reason)]
        lines = [line for index in (0, 1) for line in self._half(batch, index, members)]
        into = " and ".join(half_id(batch, index) for index in (0, 1))
        return [*lines, self._end(refused, Status.CANCELLED, f"split, into {into}: {refused.reason}")]

    def _half(self, batch: Batched, index: int, members: Mapping[str, Origin | None]) -> list[Entry]:
        """Its lines; none when it was written before: its members are its own already."""
        origins = [origin for each in halves(batch)[index] if (origin := members.get(each)) is not None]
        if not origins:
            return []
        plan = origins[0].planned.batch
        assert plan is not None, "a member of a batch was planned for one"
        return batch_entries(Half(batch, index, plan), origins, self._encoders, vault_of(self._book.folder))

    def _members(self, batch: str) -> dict[str, Origin | None]:
        """Those that are still in the batch, as they were accepted; None for one that cannot be read."""
        return dict(self._read(batch))

    def _read(self, batch: str) -> Iterator[tuple[str, Origin | None]]:
        for member in self._book.members(batch):
            yield member.id, read_origin(self._book.folder, member.event, member.line, member.id)

    def _end(self, refused: Refused, status: Status, reason: str) -> Entry:
        attempts = refused.opening.attempts
        return Entry("settled", Settled(delivery=refused.id, status=status, reason=reason, attempts=attempts))
