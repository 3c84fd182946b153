"""Replaying: a delivery that has ended is sent once more, with the same message id and the same bytes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from hookwright.rules.table import RoutingTable

from ..delivery import SKIPPED, Delivery, OrderPlan, Status
from ..errors import EngineError
from ..history.history import History
from ..history.original import Original
from ..history.row import Row
from ..identifiers import delivery_id
from ..instant import timestamp
from ..journal.follow import Derived
from ..journal.opened import Replayed, opened_entries
from ..journal.sealing import Concealed, Secret, vault_of
from ..journal.tail import Progress
from ..journal.writer import Entry
from .offering import Fresh, Offering
from .unindexed import unindexed


class NotReplayable(EngineError):
    """A delivery that cannot be sent again now; the message says why. `state` is its inner state.

    `cause` is the same why in a word: `notEnded`, `inBatch`, `beforeBatch`, `notice`, `notConfigured`,
    `expunged` or `unreadable`.
    """

    def __init__(self, message: str, state: str, cause: str) -> None:
        super().__init__(message)
        self.state = state
        self.cause = cause


class OfferingFull(EngineError):
    """The ledger does not answer and no more may be accepted."""


class Replays:
    """Gives each replay a round of its own, journals it and offers it. `replay` may be called by any thread.

    One a node: rounds are counted here, from what the index knows, what an index that lags behind does not
    know yet, and what was given out since. `record` returns when lines are on disk (raises `JournalError`).
    """

    def __init__(
        self,
        *,
        node: str,
        folder: Path,
        history: History,
        table: Callable[[], RoutingTable],
        record: Callable[[Sequence[Entry]], object],
        offering: Offering,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._node = node
        self._folder = folder
        self._history = history
        self._table = table
        self._record = record
        self._offering = offering
        self._clock = clock
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._rounds: dict[str, int] | None = None  # the last one by message; None until looked for

    def replay(self, delivery: str, by: str, why: str = "", job: str = "") -> Replayed | None:
        """Open the next round of a delivery; None when there is no such delivery. `job` is whose part it is.

        It returns when the round is on disk: the ledger may be away. Raises `NotReplayable`, `OfferingFull`,
        `HistoryUnavailable` and `JournalError`; a round whose line may not be on disk is never used again.
        """
        if self._offering.full:
            raise OfferingFull("the queue does not answer and the spool is full")
        with self._lock:
            rounds = self._known_rounds()  # before the index is asked: it may learn of some in between
            original = self._history.original(delivery, self._node)
            if original is None:
                return None
            planned, body = _judge(original, self._table())
            number = max(original.round, rounds.get(planned.message, 0)) + 1
            rounds[planned.message] = number
            replayed = _replayed(planned, number, self._table().revision, self._clock())
            replayed = msgspec.structs.replace(replayed, by=by, why=why, job=job)
            accepted = self._monotonic()
            self._record(opened_entries(replayed, body, self._concealed(original, planned, body)))
        fresh = msgspec.structs.replace(
            replayed.delivery(self._node, body), hidden=planned.hidden, shown=planned.shown
        )
        self._offering.put([Fresh(fresh, body, accepted)])
        return replayed

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nothing is replayed meanwhile."""
        with self._lock:
            yield

    def _concealed(self, original: Original, planned: Delivery, body: bytes) -> Concealed | None:
        """How the bytes are kept, of which the original hid something."""
        if not planned.hidden:
            return None
        secret = Secret(body, planned.headers, planned.hidden, planned.filled)
        vault = vault_of(self._folder)
        return vault.conceal(secret, original.shown, original.headers, original.filled)

    def _known_rounds(self) -> dict[str, int]:
        if self._rounds is None:
            self._rounds = _unindexed(self._folder, self._history.progress())
        return self._rounds


def _judge(original: Original, table: RoutingTable) -> tuple[Delivery, bytes]:
    """The delivery to send again, and its bytes. Raises `NotReplayable`."""
    row = original.row
    _judge_row(row)
    if original.expunged:
        why = f"the content of {row.id} was expunged, there is nothing to send"
        raise NotReplayable(why, row.state, "expunged")
    if original.planned is None:
        raise NotReplayable(f"{row.id} can no longer be read in the journal", row.state, "unreadable")
    _judge_plan(original.planned[0], row.state, table)
    return original.planned


def _judge_row(row: Row) -> None:
    """As far as its row tells."""
    if row.kind == "notice":
        raise NotReplayable(f"{row.id} is a notice; notices are not sent again", row.state, "notice")
    if row.batch is not None:
        message = f"{row.id} went out in the batch {row.batch}; replay that"
        raise NotReplayable(message, row.state, "inBatch")
    if row.status == Status.IN_QUEUE:
        message = f"{row.id} has not ended, it is {row.state}; only what has ended can be replayed"
        raise NotReplayable(message, row.state, "notEnded")


def _judge_plan(planned: Delivery, state: str, table: RoutingTable) -> None:
    if planned.batch is not None:
        message = f"{planned.id} ended before it went into a batch; nothing was sent, so emit its event again"
        raise NotReplayable(message, state, "beforeBatch")
    if table.endpoint(planned.endpoint) is None:
        message = f"{planned.endpoint} is no longer configured, so nobody would get {planned.id}"
        raise NotReplayable(message, state, "notConfigured")


def _replayed(planned: Delivery, number: int, revision: str, now: float) -> Replayed:
    return Replayed(
        id=delivery_id(planned.message, number),
        message=planned.message,
        entity_type=planned.entity_type,
        entity_id=planned.entity_id,
        action=planned.action,
        event_id=planned.event_id,
        event_source=planned.event_source,
        event_type=planned.event_type,
        due=timestamp(int(now * 1000)),
        revision=revision,
        place=planned.place,
        headers=planned.headers,
        test=planned.test,
        hops=planned.hops,
        order=planned.order and OrderPlan(key=planned.order.key, turn=int(now * 1e6)),
        refusal=None if planned.refusal and planned.refusal[0] == SKIPPED else planned.refusal,
        filled=planned.filled,
        notifier=planned.notifier,
        emission=planned.emission,
        of=planned.id,
        round=number,
        by="",
    )


def _unindexed(folder: Path, progress: Mapping[str, Progress]) -> dict[str, int]:
    """The last round of each message that the journal has beyond what the index has read."""
    found: dict[str, int] = {}
    for item in unindexed(folder, progress):
        if isinstance(item, Derived) and isinstance(item.opened, Replayed):
            message = item.opened.message
            found[message] = max(found.get(message, 0), item.opened.round)
    return found
