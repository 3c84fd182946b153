"""Expunging: the content of an event leaves journal, index and Redis, and all else stays readable."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Protocol

import structlog

from ..delivery import Result
from ..errors import JournalError
from ..history.expunging import Concerned, Ordered
from ..instant import timestamp
from ..journal.blanking import Subject
from ..journal.content import open_content
from ..journal.expunge import EXPUNGED, Expunged
from ..journal.opened import Noticed, read_opened
from ..journal.rewriting import mentions, rewrite
from ..journal.segment import list_segments
from ..journal.writer import Entry
from .book import Book

DAY = 86_400_000  # milliseconds

log = structlog.get_logger(__name__)


class ExpungeLedger(Protocol):
    """What expunging needs of the ledger. Both raise `LedgerUnavailable` and may then be repeated."""

    def cancel(self, node: str, results: Sequence[Result]) -> int: ...

    def compact(self) -> None: ...


class Expunger:
    """Part of the bookkeeper, in the thread that packs and drops segments, so no two of these change a file.

    `append` writes lines, all on disk when it returns; `rotate` leaves the bookkeeper's segment; `clock` is
    Unix seconds. `checkpoint` is called after each step; tests end the process there.

    The order stands in the journal, in a segment of intake's that was begun for it. Until its end is
    journalled each turn does all that is still to do, so it does not matter where an earlier one stopped.
    """

    def __init__(
        self,
        book: Book,
        append: Callable[[Sequence[Entry]], object],
        rotate: Callable[[], None],
        ledger: ExpungeLedger,
        node: str,
        *,
        clock: Callable[[], float] = time.time,
        checkpoint: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._book = book
        self._append = append
        self._rotate = rotate
        self._ledger = ledger
        self._node = node
        self._clock = clock
        self._checkpoint = checkpoint
        self._quiet: tuple[Ordered, set[str]] | None = None

    def turn(self) -> None:
        """Go on with the oldest event that is to be expunged, if there is one.

        Raises `OSError`, `JournalError`, `IndexUnavailable` or `LedgerUnavailable`; call it again.
        """
        if self._book.expunging() is None:
            return
        self._book.follow(thorough=True)
        found = self._book.expunging()
        if found is None:
            return
        ordered, concerned = found[0], self._narrowed(found[1])
        runs = self._book.runs_concerned(ordered)
        if self._end(concerned) or runs is None or not self._settled(ordered, concerned):
            return  # the runner ends the runs
        subject = Subject(ordered.source, ordered.id, {each.id for each in concerned}, runs)
        lines = self._rewrite(subject, ordered)
        self._book.scrub(ordered, sorted(subject.deliveries))
        self._checkpoint("scrubbed")
        self._ledger.compact()
        self._checkpoint("compacted")
        self._append([Entry("expunged", Expunged(id=ordered.id, source=ordered.source, lines=lines))])
        self._book.follow()
        self._quiet = None
        log.info("event_expunged", id=ordered.id, source=ordered.source, lines=lines)

    def _narrowed(self, concerned: Sequence[Concerned]) -> list[Concerned]:
        """Without the notices that tell of other deliveries."""
        names = {each.id for each in concerned if each.kind != "notice"}
        return [each for each in concerned if each.kind != "notice" or self._tells_of(each, names)]

    def _tells_of(self, notice: Concerned, names: set[str]) -> bool:
        found = read_opened(self._book.folder, notice.line)
        opened = found[0] if found else None
        return isinstance(opened, Noticed) and not names.isdisjoint(opened.about)

    def _end(self, concerned: Sequence[Concerned]) -> bool:
        """End what is open, but for what is in flight: that ends by itself. Whether there was any."""
        now = int(self._clock() * 1000)
        results = [
            Result(
                delivery=each.id,
                node=self._node,
                attempt=each.attempts,
                outcome="cancelled",
                at=now,
                reason=EXPUNGED,
            )
            for each in concerned
            if each.open
        ]
        if results:
            self._ledger.cancel(self._node, results)
            self._checkpoint("cancelled")
        return bool(results)

    def _settled(self, ordered: Ordered, concerned: Sequence[Concerned]) -> bool:
        """Whether nothing has changed since the last turn: by now all results are acknowledged, too."""
        now = (ordered, {each.id for each in concerned})
        before, self._quiet = self._quiet, now
        return before == now

    def _rewrite(self, subject: Subject, ordered: Ordered) -> int:
        """Blank all lines about it; how many. They are searched for, not looked up: a line that was written
        twice is in the index once.
        """
        self._rotate()
        lines = 0
        since = timestamp(ordered.since - DAY)[:10]
        for segment in list_segments(self._book.folder, since):
            with closing(open_content(self._book.folder, segment.name)) as content:
                alive = content.alive
            if not alive:
                lines += rewrite(self._book.folder, segment.name, subject)
                self._checkpoint("rewritten")
            elif mentions(self._book.folder, segment.name, subject):
                raise JournalError(f"{segment.name} still has its writer")
        return lines
