"""The herald: writes the notices that are due into the journal, where they become deliveries like others."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import structlog

from ..history.digest import Standing
from ..history.notice import disabled_notice, failure_notice, opened_notice, read_switch
from ..journal.opened import opened_entries
from ..journal.writer import Entry, Writer
from .book import Book

NOTICES_PER_TURN = 10

log = structlog.get_logger(__name__)


class Herald:
    """Part of the bookkeeper's booking, in its thread; `clock` is Unix seconds.

    A notice tells what stands before it in the journal. So none is written before all that was written is
    entered into the index, and a crash at any point leaves a failure either told or to be told.
    """

    def __init__(
        self,
        book: Book,
        writer: Writer,
        *,
        clock: Callable[[], float] = time.time,
        checkpoint: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._book = book
        self._writer = writer
        self._clock = clock
        self._checkpoint = checkpoint
        self._written = False

    def tell(self) -> None:
        """Write the notices that are due now, some a turn.

        Raises `JournalError`, `IndexUnavailable` or `OSError`; the next call goes on where this one stopped.
        """
        if self._written:
            self._follow()
        now = int(self._clock() * 1000)
        with self._book.lock:
            due = self._book.digest.due(now, NOTICES_PER_TURN)
        lines = [line for standing in due for line in self._lines(standing, now)]
        if not lines:
            return
        with self._book.lock:  # nobody reads lines that may be cut again
            self._writer.append_many(lines).result()
        self._written = True
        self._checkpoint("noticed")
        self._follow()

    def _lines(self, standing: Standing, now: int) -> list[Entry]:
        pair = standing.pair
        said, rows = self._book.to_tell(pair)
        assert standing.first is not None
        if pair.tells == "disabled":
            notice = disabled_notice(pair, standing.first, read_switch(said[0]), rows, now)
            about: Sequence[str] = [row.id for row in rows]
        else:
            notice, about = failure_notice(pair, standing.first, standing.count, rows, now), said
        log.info("notice", **pair._asdict(), title=notice.title)
        return opened_entries(*opened_notice(notice, pair, about, rows, now))

    def _follow(self) -> None:
        self._book.follow()
        self._written = False
