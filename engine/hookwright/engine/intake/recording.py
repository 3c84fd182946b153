"""Recording: what all requests of a moment want written goes to the journal together, under one fsync."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from ..errors import JournalError
from ..journal.writer import Entry

MOST_PATIENCE = 0.002  # seconds that a group waits for others that are just coming in

Append = Callable[[Sequence[Entry]], "Future[Any]"]


class Recording:
    """Hands the entries of requests to `append`, one group at a time: what comes meanwhile is the next.

    So a group costs one hand-over to the journal's thread and one back, and one fsync, however many requests
    are in it. As long as every turn of the loop brings another request a group waits for it, but not for
    long. Runs on one event loop.
    """

    def __init__(self, append: Append, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` answers seconds."""
        self._append = append
        self._clock = clock
        self._waiting: list[tuple[Sequence[Entry], asyncio.Future[None]]] = []
        self._busy = False
        self._seen, self._since = 0, 0.0  # how many waited at the last look, and since when the first did

    async def record(self, entries: Sequence[Entry]) -> None:
        """Return when the entries are on disk. Raises `JournalError`."""
        loop = asyncio.get_running_loop()
        written = loop.create_future()
        self._waiting.append((entries, written))
        if not self._busy:
            self._busy = True
            self._begin(loop)
        await written

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self._seen, self._since = 0, self._clock()
        loop.call_soon(self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Write when the last turn brought nothing more, or the first has waited long enough."""
        seen, self._seen = self._seen, len(self._waiting)
        if self._seen > seen and self._clock() - self._since < MOST_PATIENCE:
            loop.call_soon(self._look, loop)
        else:
            self._commit(loop)

    def _commit(self, loop: asyncio.AbstractEventLoop) -> None:
        group, self._waiting = self._waiting, []

        def done(appended: Future[Any]) -> None:
            loop.call_soon_threadsafe(self._settle, loop, group, appended.exception())

        try:
            self._append([entry for entries, _ in group for entry in entries]).add_done_callback(done)
        except JournalError as error:  # closed
            self._settle(loop, group, error)

    def _settle(
        self,
        loop: asyncio.AbstractEventLoop,
        group: list[tuple[Sequence[Entry], asyncio.Future[None]]],
        error: BaseException | None,
    ) -> None:
        for _, written in group:
            if written.done():  # whoever waited was cancelled
                continue
            if error is None:
                written.set_result(None)
            else:
                written.set_exception(error)
        self._busy = bool(self._waiting)
        if self._busy:
            self._begin(loop)
