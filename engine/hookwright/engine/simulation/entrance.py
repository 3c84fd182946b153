"""The entrance: simulated events become deliveries, offered to the ledger or collected into batches."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import count

import msgspec

from hookwright.plugins.hookspecs import BodyContext
from hookwright.plugins.registry import Plugins
from hookwright.rules.event import Event
from hookwright.rules.model import Action, Subscriber
from hookwright.rules.table import RoutingTable

from ..batch import Member
from ..book.gathering import Closing, Gathering, Group
from ..call.encoding import encode_body
from ..delivery import Delivery
from ..identifiers import batch_message_id, delivery_id
from ..intake.placing import Placing
from ..intake.turns import Turns
from ..ledger.work import Offer
from ..strictjson import decode

NODE = "nod_simulated"


class Entrance:
    """Knows what was accepted. Times are Unix milliseconds."""

    def __init__(self, table: RoutingTable, plugins: Plugins) -> None:
        self._table = table
        self._encoders = plugins.encoders
        self._placing = Placing(NODE, plugins.encoders)
        self._turns = Turns()
        self._serial = count()
        self._waiting: dict[str, tuple[Delivery, bytes]] = {}
        self._gathering = Gathering()

    def placed(self, event: Event, now: int) -> list[tuple[Delivery, bytes]]:
        """The deliveries of an event, and their bodies."""
        return [
            self._placed(event, selected.subscriber, action, now, selected.fault)
            for selected in self._table.select(event)
            if selected.subscriber.automation is None
            for action in selected.subscriber.actions
        ]

    def _placed(
        self, event: Event, subscriber: Subscriber, action: Action, now: int, fault: object
    ) -> tuple[Delivery, bytes]:
        if fault is not None:
            body, delivery = self._placing.doubtful(event, subscriber, action, now, fault)  # type: ignore[arg-type]
        else:
            body, delivery = self._placing.placed(event, subscriber, action, now)
        return self._turns.take(delivery), body

    def offers(self, placed: Sequence[tuple[Delivery, bytes]], now: int) -> list[Offer]:
        """What is offered now; members of batches wait for others."""
        return [Offer(*each, wait=max(each[0].due - now, 0)) for each in placed if not self._waits(*each)]

    def _waits(self, delivery: Delivery, body: bytes) -> bool:
        plan = delivery.batch
        if plan is None:
            return False
        self._waiting[delivery.id] = (delivery, body)
        member = Member(delivery.due, next(self._serial), delivery.id, len(body))
        self._gathering.add(member, Group(delivery.lane, delivery.event_type, plan))
        return True

    @property
    def next_at(self) -> int | None:
        """When a batch may close next; None while none is open."""
        return self._gathering.next_at

    def closed(self, now: int) -> Iterator[tuple[Closing, Delivery, bytes]]:
        """The batches that are closed by `now`, as what goes out."""
        self._gathering.look(now)
        for closing in self._gathering.closings(10_000):
            yield (closing, *self._batch(closing))
            self._gathering.gone(closing)

    def _batch(self, closing: Closing) -> tuple[Delivery, bytes]:
        members = [self._waiting.pop(each.id) for each in closing.batch.members]
        first, plan = members[0][0], closing.plan
        raw = b"[%b]" % b",".join(body for _, body in members)
        context = BodyContext(
            content_type=plan.content_type,
            event_id=first.event_id,
            event_type=first.event_type,
            entity_type=first.entity_type,
            entity_id=first.entity_id,
            raw=raw,
        )
        body = encode_body(self._encoders, plan.encoder, decode(raw), context)
        message = batch_message_id(first, plan.key)
        delivery = msgspec.structs.replace(
            first,
            id=delivery_id(message),
            message=message,
            due=closing.batch.due,
            body=hashlib.sha256(body.content).hexdigest(),
            headers=body.headers,
            refusal=body.refusal,
            batch=None,
            split=closing.split(len(members)),
        )
        return delivery, body.content
