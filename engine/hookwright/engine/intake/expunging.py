"""Expunging as it is ordered: the order is on disk before it is answered, the bookkeeper carries it out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from ..errors import EngineError
from ..history.expunging import Order
from ..history.history import History
from ..history.index_view import HistoryUnavailable
from ..journal.expunge import Expunge
from ..journal.writer import Entry

SEEN_SECONDS = 5.0  # for the index to learn of an order
_LOOK = 0.02


class Ambiguous(EngineError):
    """Several sources sent an event of this id; `sources` are they."""

    def __init__(self, sources: Sequence[str]) -> None:
        super().__init__(f"{len(sources)} sources sent an event of this id")
        self.sources = tuple(sources)


class Expunges:
    """Orders that events be expunged. Any thread may call it.

    `rotate` leaves intake's segment, so that all before the order is in files without a writer; `record`
    returns when lines are on disk (raises `JournalError`); while `held`, nothing is replayed; `tell` is
    called with source and id once the index knows of an order.
    """

    def __init__(
        self,
        *,
        history: History,
        rotate: Callable[[], None],
        record: Callable[[Sequence[Entry]], object],
        held: Callable[[], AbstractContextManager[None]],
        tell: Callable[[str, str], None],
    ) -> None:
        self._history = history
        self._rotate = rotate
        self._record = record
        self._held = held
        self._tell = tell

    def expunge(self, event_id: str, source: str | None, by: str, why: str) -> tuple[str, Order] | None:
        """The source of the event and the order, which stood already if it was given before; None when there
        is no such event. Raises `Ambiguous`, `HistoryUnavailable` and `JournalError`.
        """
        found = self._source(event_id, source)
        if found is None:
            return None
        with self._held():
            order = self._history.expunged(found, event_id)
            if order is None:
                self._rotate()
                self._record([Entry("expunge", Expunge(id=event_id, source=found, by=by, why=why))])
                order = self._seen(found, event_id)
        self._tell(found, event_id)
        return found, order

    def standing(self, event_id: str, source: str | None) -> tuple[str, Order | None] | None:
        """The source of the event and the order, if there is one; None when there is no such event.

        Raises `Ambiguous` and `HistoryUnavailable`.
        """
        found = self._source(event_id, source)
        return None if found is None else (found, self._history.expunged(found, event_id))

    def _source(self, event_id: str, source: str | None) -> str | None:
        sources = self._history.sources(event_id)
        if source is None and len(sources) > 1:
            raise Ambiguous(sources)
        return next((each for each in sources if source in (None, each)), None)

    def _seen(self, source: str, event_id: str) -> Order:
        """The order as the index has it: from then on nothing of the event is sent again."""
        end = time.monotonic() + SEEN_SECONDS
        while (order := self._history.expunged(source, event_id)) is None:
            if time.monotonic() > end:
                raise HistoryUnavailable("the order is on disk, and the history does not follow")
            threading.Event().wait(_LOOK)
        return order
