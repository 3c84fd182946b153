"""Recording: what all requests of a moment want written goes to the journal together, under one fsync."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from ..errors import JournalError
from ..journal.writer import Entry

Append = Callable[[Sequence[Entry]], "Future[Any]"]


class Recording:
    """Hands the entries of requests to `append`, one group at a time: what comes meanwhile is the next.

    So a group costs one hand-over to the journal's thread and one back, however many requests are in it.
    Runs on one event loop.
    """

    def __init__(self, append: Append) -> None:
        self._append = append
        self._waiting: list[tuple[Sequence[Entry], asyncio.Future[None]]] = []
        self._busy = False

    async def record(self, entries: Sequence[Entry]) -> None:
        """Return when the entries are on disk. Raises `JournalError`."""
        loop = asyncio.get_running_loop()
        written = loop.create_future()
        self._waiting.append((entries, written))
        if not self._busy:
            self._busy = True
            loop.call_soon(self._commit, loop)  # after all requests that can be read now were
        await written

    def _commit(self, loop: asyncio.AbstractEventLoop) -> None:
        group, self._waiting = self._waiting, []
        self._busy = bool(group)
        if not group:
            return

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
        self._commit(loop)
