"""Intake: an event is read, matched, encoded and journalled; only then is it acknowledged."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import msgspec

from hookwright.rules.event import Event
from hookwright.rules.model import Action, Subscriber
from hookwright.rules.table import RoutingTable, Selected
from hookwright.schemas.dataschema import DataSchema

from ..delivery import SKIPPED, Delivery
from ..errors import JournalError
from ..history.index_view import HistoryUnavailable
from ..journal.room import Room
from ..journal.runs import PlannedRun
from ..strictjson import decode
from .answer import Answer, Answers
from .beginning import planned_run
from .door import Defaults, read_events
from .event_id import EventIds, digest, fingerprint
from .fitting import check_events
from .idempotency import read_key
from .known import Conflict, KnownEvents
from .offering import Offerable, Offering
from .placing import Placing
from .plan import Plan
from .redacting import NOTHING, redact
from .rejected import Rejected
from .stencil import Drawn, Stencils
from .turns import Turns

_Placed: TypeAlias = tuple[Subscriber, Action, bytes, Delivery]


class Intake:
    """Accepts events for one node. All collaborators are passed in; `accept` runs on one event loop.

    `record` journals the plans, all in one fsync, and returns when they are on disk (raises `JournalError`).
    `clock` is Unix time, `monotonic` the clock of the offering, `room` what the disk has left.
    """

    def __init__(
        self,
        *,
        node: str,
        table: Callable[[], RoutingTable],
        placing: Placing,
        record: Callable[[Sequence[Plan | Drawn]], Awaitable[None]],
        known: KnownEvents[Answer],
        offering: Offering,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        room: Room | None = None,
    ) -> None:
        self._node = node
        self._table = table
        self._placing = placing
        self._stencils = Stencils(placing)
        self._turns = Turns()
        self._record = record
        self._known = known
        self._offering = offering
        self._clock = clock
        self._event_id = EventIds(clock)
        self._monotonic = monotonic
        self._room = room
        self.last_accepted: float | None = None  # Unix seconds; None before the first event

    @property
    def schemas(self) -> Mapping[str, DataSchema]:
        """What the data of event types must keep to, by type."""
        return self._table().event_schemas

    async def accept(self, body: bytes, content_type: str, headers: Mapping[str, str]) -> Answer | Answers:
        """Accept one request's events, all or none. Raises `Rejected`; then nothing was stored."""
        self._check_room()
        named: set[int] = set()
        incoming = read_events(body, content_type, headers, self._defaults(headers, named))
        table = self._table()
        check_events(incoming, table)
        answers = await self._accept_all(incoming.events, table, named, batch=incoming.batch)
        return Answers(answers) if incoming.batch else answers[0]

    async def test(
        self, subscriber: Subscriber, actions: Sequence[Action], event_type: str, data: bytes
    ) -> Answer:
        """Send an event of our own to these actions alone, at once and marked as a test.

        Neither the subscriber's pattern nor its delay counts, and nobody is waited for: who takes batches
        gets a list of one. Raises `Rejected`.
        """
        self._check_room()
        now, table = self._clock(), self._table()
        event = Event(
            id=self._event_id(),
            source=f"/hookwright/{self._node}/ping",
            type=event_type,
            data=decode(data),
            raw=data,
        )
        placed = [
            (subscriber, action, *self._placing.tested(event, subscriber, action, int(now * 1000)))
            for action in actions
        ]
        plan = self._planned(event, fingerprint(event), table.revision, placed, alone=True)
        await self._journal([plan])
        self._hand_over([plan], set())
        return plan.answer()

    def _check_room(self) -> None:
        if self._offering.crowded:
            raise Rejected(503, "Queue full", "the queue's memory is nearly used up", retry_after=5)
        if self._room is not None and self._room.scarce:
            raise Rejected(503, "Disk full", str(self._room), retry_after=5)
        if self._offering.full:
            raise Rejected(
                503, "Queue unavailable", "the queue does not answer and the spool is full", retry_after=5
            )

    def _defaults(self, headers: Mapping[str, str], generated: set[int]) -> Defaults:
        """An `Idempotency-Key` fixes the ids of events that have none, so a repeated request finds them."""
        key = read_key(headers)

        def event_id(index: int) -> str:
            if key is not None:
                return "evt_" + digest(key, str(index))
            generated.add(index)
            return self._event_id()

        return Defaults(source=f"/hookwright/{self._node}", event_id=event_id)

    async def _accept_all(
        self, events: Sequence[Event], table: RoutingTable, generated: set[int], *, batch: bool
    ) -> tuple[Answer, ...]:
        answers: list[Answer | Awaitable[Answer]] = []
        planned: list[Plan | Drawn] = []
        reserved: list[Event] = []
        now = int(self._clock() * 1000)
        try:
            for index, event in enumerate(events):
                found = fingerprint(event)
                if index not in generated:
                    first = self._claim(event, found, f"/{index}/id" if batch else "/id")
                    if first is not None:
                        answers.append(first)
                        continue
                    reserved.append(event)
                plan = self._plan(event, found, table, now)
                planned.append(plan)
                answers.append(plan.answer())
            await self._journal(planned)
        except BaseException as error:
            for event in reserved:
                self._known.release(event.source, event.id, _as_rejected(error))
            raise
        self._hand_over(planned, {event.id for event in reserved})
        return tuple([await self._again(each) for each in answers])

    def _claim(self, event: Event, fingerprint: str, pointer: str) -> Awaitable[Answer] | None:
        try:
            return self._known.claim(event.source, event.id, fingerprint)
        except HistoryUnavailable as error:
            raise Rejected(503, "History unavailable", str(error), retry_after=1) from error
        except Conflict:
            raise Rejected(
                409,
                "Another event has this id",
                f"an event with source {event.source!r} and id {event.id!r} was accepted with other content",
                pointer=pointer,
            ) from None

    async def _journal(self, planned: Sequence[Plan | Drawn]) -> None:
        if not planned:
            return
        try:
            await self._record(planned)
        except JournalError as error:
            raise _unavailable(error) from error

    def _hand_over(self, planned: Sequence[Plan | Drawn], reserved: set[str]) -> None:
        accepted = self._monotonic()
        self.last_accepted = self._clock()
        fresh: list[Offerable] = []
        for plan in planned:
            if plan.event.id in reserved:
                self._known.accept(plan.event.source, plan.event.id, plan.answer())
            fresh += plan.fresh(accepted)
        self._offering.put(fresh)

    async def _again(self, said: Answer | Awaitable[Answer]) -> Answer:
        if isinstance(said, Answer):
            return said
        return msgspec.structs.replace(await said, duplicate=True)

    def _plan(self, event: Event, fingerprint: str, table: RoutingTable, now: int) -> Plan | Drawn:
        stencil = self._stencils.of(event, table)
        if stencil is not None:
            return stencil.draw(event, fingerprint, now)
        found = table.select(event)
        begun = [selected for selected in found if selected.subscriber.automation is not None]
        try:
            placed = [
                (selected.subscriber, action, *self._placed(event, selected, action, now))
                for selected in found
                if selected.subscriber.automation is None
                for action in selected.subscriber.actions
            ]
        except JournalError as error:  # no key can be had for what is redacted
            raise _unavailable(error) from error
        plan = self._planned(event, fingerprint, table.revision, placed, begun)
        return replace(plan, runs=_runs(plan, begun, now)) if begun else plan

    def _planned(
        self,
        event: Event,
        fingerprint: str,
        revision: str,
        placed: Sequence[_Placed],
        begun: Sequence[Selected] = (),
        *,
        alone: bool = False,
    ) -> Plan:
        """What one subscriber redacts is kept from all who read the event; each still gets it as it came."""
        bodies = {delivery.body: body for _, _, body, delivery in placed}
        deliveries = tuple(delivery for *_, delivery in placed)
        paths = {path for subscriber, *_ in placed for path in subscriber.redact}
        paths.update(path for selected in begun for path in selected.subscriber.redact)
        redaction = redact(event, paths) if paths else None
        if redaction is None:
            return Plan(event, fingerprint, revision, deliveries, bodies)
        data = hashlib.sha256(event.raw).hexdigest()
        hidden = tuple(
            self._placing.hiding(
                redaction.delivery(delivery, body), redaction.shown, event, subscriber, action, alone=alone
            )
            for subscriber, action, body, delivery in placed
        )
        shown = {
            delivery.id: self._placing.shown(redaction.shown, subscriber, action, alone=alone)
            for (subscriber, action, *_), delivery in zip(placed, hidden, strict=True)
            if (delivery.body != data or delivery.filled) and _is_sent(delivery)
        }
        return Plan(event, fingerprint, revision, hidden, {**bodies, NOTHING: b""}, redaction, shown)

    def _placed(self, event: Event, selected: Selected, action: Action, now: int) -> tuple[bytes, Delivery]:
        subscriber, fault = selected.subscriber, selected.fault
        if fault is not None:
            return self._placing.doubtful(event, subscriber, action, now, fault)
        body, delivery = self._placing.placed(event, subscriber, action, now)
        return body, self._turns.take(delivery)


def _runs(plan: Plan, begun: Sequence[Selected], now: int) -> tuple[PlannedRun, ...]:
    """The runs that an event begins. Why one does not begin says nothing of what is redacted."""
    runs = tuple(planned_run(plan.event, selected, now) for selected in begun)
    if plan.redaction is None:
        return runs
    return tuple(plan.redaction.run(run) for run in runs)


def _is_sent(delivery: Delivery) -> bool:
    """Whether there is something to send, be it when it is replayed."""
    return delivery.refusal is None or delivery.refusal[0] == SKIPPED


def _unavailable(error: JournalError) -> Rejected:
    return Rejected(503, "Journal unavailable", f"the event could not be stored: {error}", retry_after=5)


def _as_rejected(error: BaseException) -> Exception:
    if isinstance(error, Rejected):
        return error
    return Rejected(503, "Not accepted", "the first request with this event was not accepted", retry_after=1)
