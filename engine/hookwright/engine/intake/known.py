"""Known events: the same event sent again gets the first answer; other content under its id is a conflict."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from operator import eq
from typing import Generic, TypeVar

from ..errors import EngineError

Answer = TypeVar("Answer")
FindEvent = Callable[[str, str], "Known[Answer] | None"]

_SETTLE_SECONDS = 5.0  # an answer stays in memory at least this long


class Conflict(Exception):
    """Another event was accepted under this source and id."""


@dataclass(frozen=True, slots=True)
class Known(Generic[Answer]):
    """An event accepted before: the fingerprint of its content, and what its sender was told.

    None for what was expunged: nobody knows any more, whatever comes is the same.
    """

    fingerprint: str | None
    answer: Answer


@dataclass(frozen=True, slots=True)
class _Reservation(Generic[Answer]):
    fingerprint: str
    answer: asyncio.Future[Answer]
    since: float


class KnownEvents(Generic[Answer]):
    """What is being accepted now and was accepted lately stays in memory; the index (`find`) knows the rest.

    An entry leaves memory only when the index has it, so nothing is forgotten in between.
    """

    def __init__(
        self, find: FindEvent[Answer], clock: Callable[[], float], same: Callable[[str, str], bool] = eq
    ) -> None:
        """`same` says whether a fingerprint that is kept is that of an event."""
        self._find = find
        self._same = same
        self._clock = clock
        self._recent: dict[tuple[str, str], _Reservation[Answer]] = {}

    def claim(self, source: str, event_id: str, fingerprint: str) -> asyncio.Future[Answer] | None:
        """None if the event is new (it is reserved: `accept` or `release` it), else the future first answer.

        Raises `Conflict`.
        """
        key = (source, event_id)
        found = self._recent.get(key)
        if found is None:
            known = self._find(source, event_id)
            future = asyncio.get_running_loop().create_future()
            if known is None:
                self._recent[key] = _Reservation(fingerprint, future, self._clock())
                return None
            future.set_result(known.answer)
            if known.fingerprint is None:
                return future
            found = _Reservation(known.fingerprint, future, 0.0)
        if not self._same(found.fingerprint, fingerprint):
            raise Conflict(event_id)
        return found.answer

    def accept(self, source: str, event_id: str, answer: Answer) -> None:
        self._recent[source, event_id].answer.set_result(answer)
        self._forget()

    def release(self, source: str, event_id: str, error: Exception) -> None:
        """The event was not accepted after all; whoever waits for its answer gets the error."""
        reservation = self._recent.pop((source, event_id))
        reservation.answer.set_exception(error)
        reservation.answer.exception()  # nobody may be waiting; that is no fault

    def expunged(self, source: str, event_id: str) -> None:
        """The index has it and knows better; any thread may say so."""
        found = self._recent.get((source, event_id))
        if found is not None and found.answer.done():
            self._recent.pop((source, event_id), None)

    def _forget(self) -> None:
        """Drop the oldest entries that the index, if it can be read, has by now; at most two a call."""
        for _ in range(2):
            key, oldest = next(iter(self._recent.items()), (None, None))
            if key is None or oldest is None or self._clock() - oldest.since < _SETTLE_SECONDS:
                return
            try:
                kept = not oldest.answer.done() or self._find(*key) is None
            except EngineError:
                return
            del self._recent[key]
            if kept:
                self._recent[key] = _Reservation(oldest.fingerprint, oldest.answer, self._clock())
