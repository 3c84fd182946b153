"""Conduct: follow the journal, take runs on, write that, and only then let it be done; turn after turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog

from hookwright.plugins.hookspecs import Encoder
from hookwright.rules.table import RoutingTable

from ..delivery import Delivery, Result
from ..errors import LedgerUnavailable
from ..intake.intake import Intake
from ..journal.follow import Advanced, Follower
from ..journal.room import Room
from ..journal.runs import RunLine
from ..journal.sealing import vault_of
from ..journal.tail import Progress
from ..journal.writer import Writer
from ..kept_revisions import NoRevision
from .awaited import Awaited
from .carrying import Carrying
from .clockwork import Clockwork
from .emitting import Emitting, emitted_id
from .fold import Fold
from .horizon import EVERY, Horizon
from .need import needs_runner
from .ordering import Ordering

LOOK_EVERY = 0.02  # seconds between looks at the journal
LOOK_SELDOM = 0.5  # the same while no automation is configured and no run is open
LIVE_EVERY = 0.5  # seconds between looks at which configuration is in force
END_EVERY = 1.0  # seconds between requests to end deliveries
MOST_EMITTED = 200  # events of a turn
EMIT_AGAIN = 1000  # ms before an event is sent again that the door could not take

log = structlog.get_logger(__name__)


class CancellingLedger(Protocol):
    """What this needs of the ledger. It raises `LedgerUnavailable` and may then be repeated."""

    def cancel(self, node: str, results: Sequence[Result]) -> int: ...


class Configurations(Protocol):
    """The configurations that were live on this node."""

    def live(self) -> str | None: ...

    def table(self, revision: str) -> RoutingTable:
        """Raises `NoRevision`."""
        ...

    def drop(self, needed: Collection[str]) -> int: ...


@dataclass(frozen=True, slots=True)
class House:
    """What the runner works with at its node.

    `offer` takes deliveries that are on disk, with their bytes, and does not wait. `take` says which times of
    an automation's clock are this node's to begin runs for (raises `LedgerUnavailable`). `intake` makes what
    accepts the events it emits, by a table that is asked for each time. `clock` answers Unix
    seconds, `monotonic` those of a monotonic clock. `checkpoint` is called after each step.
    """

    state: Path
    history: Path
    node: str
    kept: Configurations
    ledger: CancellingLedger
    offer: Callable[[Sequence[tuple[Delivery, bytes]]], None]
    encoders: Mapping[str, Encoder]
    room: Room
    take: Callable[[str, Sequence[int]], Sequence[int]]
    intake: Callable[[Writer, Callable[[], RoutingTable]], Intake]
    clock: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    checkpoint: Callable[[str], None] = lambda _: None


class Conduct:
    """How runs stand, read from the journal, and taken on from there.

    Once a line may not be on disk, only the journal knows how runs stand: `close` this and make another.
    """

    def __init__(self, house: House, writer: Writer) -> None:
        self._house = house
        self._writer = writer
        self._vault = vault_of(house.history)
        self._awaited = Awaited(house.kept.table)
        self._horizon = Horizon(house.state / "horizon.json")
        self._progress: dict[str, Progress] = self._horizon.load()
        self._follower = Follower(house.history, self._progress, house.monotonic)
        self._fold = Fold(house.history, house.node, self._vault, self._awaited)
        ordering = Ordering(house.node, house.encoders, self._vault)
        self._carrying = Carrying(self._fold, ordering, self._vault, house.kept.table, lambda: self._live)
        self._clockwork = Clockwork(house.state / "cron.json", house.take)
        self._ticked: int | None = None  # up to when runs begin by the clock that may not be written yet
        self._emitting = Emitting(
            house.intake(writer, self._table),
            house.node,
            lambda endpoint: self._table().endpoint(endpoint) is not None,
            lambda identifier: identifier in self._fold.emissions.emitted,
            house.clock,
        )
        self._live: RoutingTable | None = None
        self._live_name: str | None = None
        self._at: dict[str, float] = {}  # when something was done last

    @property
    def caught_up(self) -> bool:
        """Whether all that was in the journal at the start is read."""
        return self._fold.live

    def __len__(self) -> int:
        """How many runs are open."""
        return len(self._fold.courses)

    @property
    def emissions(self) -> int:
        """How many events wait to be emitted."""
        return len(self._fold.emissions)

    def close(self) -> None:
        self._follower.close()

    def _table(self) -> RoutingTable:
        """What is in force; asked only once there is something."""
        assert self._live is not None
        return self._live

    def catch_up(self) -> bool:
        """Read on in what was there before; call it until it says that nothing is left. Raises `OSError`."""
        self._look_at_live()
        if self._read(thorough=True):
            return True
        self._fold.finish()
        self._mark()
        return False

    def turn(self) -> bool:
        """Read on, take runs on, and let be done what is written. Whether anything was done.

        Raises `JournalError` and `OSError`; then the journal has to be read anew.
        """
        self._read()
        if self._is_time("live", LIVE_EVERY):
            self._look_at_live()
        if self._house.room.scarce:
            return False
        now = int(self._house.clock() * 1000)
        self._begin_by_clock(now)
        turn = self._carrying.turn(now)
        if turn.lines:
            self._writer.append_many(turn.lines).result()
            self._house.checkpoint("written")
            for emission in turn.emissions:
                self._fold.emissions.put(emission)
            self._house.offer(turn.fresh)
            self._house.checkpoint("offered")
        if self._ticked is not None and not self._fold.courses.ready:
            self._clockwork.passed(self._ticked)
            self._ticked = None
        emitted = self._emit(now)
        self._look_after()
        return bool(turn.lines or emitted)

    @property
    def next_at(self) -> int | None:
        """When the next run goes on by itself (Unix milliseconds)."""
        return self._fold.courses.wait_until()

    def pause(self) -> float:
        """Seconds until the next look, or until the next run goes on by itself."""
        idle = not (self._fold.courses or self._fold.emissions)
        idle = idle and (self._live is None or not needs_runner(self._live))
        pause = LOOK_SELDOM if idle else LOOK_EVERY
        fold = self._fold
        times = (fold.courses.wait_until(), fold.emissions.wait_until(), self._clockwork.wait_until())
        at = min((time for time in times if time is not None), default=None)
        if at is None:
            return pause
        until = at / 1000 - self._house.clock()
        return pause if until <= 0 else min(pause, max(until, 0.001))

    def _begin_by_clock(self, now: int) -> None:
        """Begin the runs whose time has come; a Redis that does not answer is waited for."""
        at = self._clockwork.wait_until()
        if at is None or at > now or self._ticked is not None or self._live_name is None:
            return
        try:
            for tick in list(self._clockwork.ticks(now)):
                self._fold.begin_by_clock(tick, self._live_name)
        except LedgerUnavailable:
            return
        self._ticked = now

    def _emit(self, now: int) -> bool:
        """Send what is due back to the door; whether anything came of it."""
        emissions = self._fold.emissions
        due = emissions.take(now, MOST_EMITTED)
        if not due or self._live is None:
            return False
        self._emitting.emit(due)
        self._house.checkpoint("emitted")
        for each in due:
            if each.result is None:
                emissions.again(each, now + EMIT_AGAIN)
            else:
                emissions.emitted.add(emitted_id(each.delivery.message))
        self._end([each.result for each in due if each.result is not None])
        return any(each.result is not None for each in due)

    def _look_after(self) -> None:
        if self._fold.expunged and not self._fold.courses.ready:
            self._fold.expunged.clear()
            self._writer.rotate()  # what was said before can be blanked
        if self._is_time("end", END_EVERY):
            self._end([*self._cancellations(), *self._fold.emissions.results()])
        if self._is_time("mark", EVERY):
            self._mark()

    def _read(self, *, thorough: bool = False) -> bool:
        """Read on in the journal; whether there may be more."""
        batch = self._follower.poll(thorough=thorough)
        self._progress.update(batch.progress)
        for item in batch.items:
            if isinstance(item, Advanced) and isinstance(item.fields, RunLine):
                self._awaited.know(item.fields.revision)  # before the events it may wait for are read
        self._fold.take(batch.items)
        return batch.more

    def _look_at_live(self) -> None:
        name = self._house.kept.live()
        if name is None or name == self._live_name:
            return
        try:
            self._live = self._house.kept.table(name)
        except NoRevision as error:
            log.warning("revision_unreadable", reason=str(error))
            return
        self._live_name = name
        self._awaited.know(name)
        self._carrying.look_for_removed()
        self._clockwork.configure(self._live, int(self._house.clock() * 1000))

    def _mark(self) -> None:
        """Note how far the journal is read, and what of it is needed."""
        courses, emissions = self._fold.courses, self._fold.emissions
        self._fold.mark = self._horizon.mark(self._progress)
        if not self._fold.cancelled:
            self._horizon.keep(each.since for each in (*courses, *emissions))
        emissions.tidy()
        self._fold.memory.forget(min((course.accepted for course in courses), default=None))
        self._house.kept.drop({course.revision for course in courses})

    def _cancellations(self) -> Iterator[Result]:
        now = int(self._house.clock() * 1000)
        for each, why in self._fold.cancelled.items():
            yield Result(
                delivery=each, node=self._house.node, attempt=0, outcome="cancelled", at=now, reason=why
            )

    def _end(self, results: Sequence[Result]) -> None:
        """Tell the bookkeeper how deliveries ended; again and again, until it has booked that."""
        if results:
            with suppress(LedgerUnavailable):
                self._house.ledger.cancel(self._house.node, results)

    def _is_time(self, what: str, every: float) -> bool:
        now = self._house.monotonic()
        if now - self._at.get(what, float("-inf")) < every:
            return False
        self._at[what] = now
        return True
