"""Ordering: what a run asks for becomes a delivery and its bytes, with the same id each time it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from hookwright.plugins.hookspecs import Encoder
from hookwright.rules.event import JSON, Event
from hookwright.rules.model import EntityType, Subscriber

from ..call.mask import REDACTED, Mask
from ..delivery import Delivery
from ..identifiers import delivery_id, message_id
from ..instant import timestamp
from ..intake.composing import concealed, is_composed
from ..intake.placing import Placing
from ..intake.redacting import masked
from ..journal.opened import Acted, opened_entries
from ..journal.sealing import Secret, Vault
from ..journal.writer import Entry
from ..run.frame import static_path
from ..run.run import Order
from ..run.trigger import Trigger
from .course import Course
from .moved import MOVED, is_moved

_AUTOMATION = EntityType.AUTOMATION.value


@dataclass(frozen=True, slots=True)
class Placed:
    """A delivery as it is journalled and offered."""

    delivery: Delivery
    body: bytes
    lines: list[Entry]


@dataclass(frozen=True, slots=True)
class Ordering:
    """Places the orders of runs for one node. What cannot be filled in is a refusal of its delivery."""

    node: str
    encoders: Mapping[str, Encoder]
    vault: Vault

    def place(
        self, course: Course, subscriber: Subscriber, order: Order, now: int, live: Subscriber | None = None
    ) -> Placed:
        """The delivery of an order of a course at `now` (Unix milliseconds), sent as `live` says.

        Raises `JournalError` when it cannot be kept: no key can be had for what is redacted, say.
        """
        assert course.run is not None
        event = event_of(course.run.trigger, course.hops)
        placing = Placing(self.node, self.encoders)
        action = replace(order.action, path=order.path)  # so that what it says names the message it is
        body, placed = placing.asked(event, subscriber, action, now, order.scope)
        message = message_of(course, order.path)
        delivery = msgspec.structs.replace(
            placed,
            id=ordered_id(message, order.round),
            message=message,
            action=static_path(order.path),
            due=now,
            place=_place(course, order),
            hidden=tuple(sorted(course.hidden)),
        )
        readable = b""
        if course.hidden:
            mask = Mask(hidden=delivery.hidden)
            scope = {name: masked(value, mask) for name, value in order.scope.items()}
            delivery = concealed(delivery, action, order.scope, scope)
            said = placing.asked(event, subscriber, action, now, scope)
            readable = _readable(order, *said, body, mask)
        if delivery.refusal is None and is_moved(subscriber, live, delivery.action):
            delivery = msgspec.structs.replace(delivery, refusal=("template", MOVED))
        return Placed(delivery, body, self._lines(course, order, delivery, body, readable))

    def _lines(
        self, course: Course, order: Order, delivery: Delivery, body: bytes, readable: bytes
    ) -> list[Entry]:
        acted = Acted(
            id=delivery.id,
            message=delivery.message,
            entity_type=delivery.entity_type,
            entity_id=delivery.entity_id,
            action=delivery.action,
            event_id=delivery.event_id,
            event_source=delivery.event_source,
            event_type=delivery.event_type,
            due=timestamp(delivery.due),
            revision=course.revision,
            place=delivery.place,
            headers=delivery.headers,
            refusal=delivery.refusal,
            hops=delivery.hops,
            run=course.id,
            step=order.path,
            round=order.round,
            notifier=delivery.notifier,
            emission=delivery.emission,
            test=delivery.test,
            filled=delivery.filled,
        )
        if not course.hidden:
            return opened_entries(acted, body)
        mask = Mask(hidden=delivery.hidden)
        headers = tuple((name, mask(value)) for name, value in delivery.headers)
        secret = Secret(body, delivery.headers, delivery.hidden, delivery.filled)
        return opened_entries(acted, body, self.vault.conceal(secret, readable, headers, delivery.shown))


def message_of(course: Course, path: str) -> str:
    """The message of an order: the same for every round of it."""
    assert course.run is not None
    trigger = course.run.trigger
    return message_id(trigger.source, trigger.id, _AUTOMATION, course.entity_id, path)


def ordered_id(message: str, round_: int) -> str:
    """The delivery of a round: another one than any replay of the message, whose rounds count from 1."""
    return delivery_id(message, -round_)


def event_of(trigger: Trigger, hops: int) -> Event:
    """The event that began a run."""
    extensions: tuple[tuple[str, bool | int | str], ...] = (("hookwrighthops", hops),) if hops else ()
    data: JSON = trigger.data
    return Event(
        id=trigger.id,
        source=trigger.source,
        type=trigger.type,
        data=data,
        raw=trigger.raw or b"null",
        time=trigger.time,
        subject=trigger.subject,
        extensions=extensions,
    )


def _place(course: Course, order: Order) -> str:
    """The YAML line of the step that asks."""
    record = course.run.records.get(order.path) if course.run else None
    return record.place if record and record.place else course.place


def _shown(body: bytes, mask: Mask) -> bytes:
    """What may be read of a body; nothing of one that is no text."""
    try:
        return mask(body.decode()).encode()
    except UnicodeDecodeError:
        return REDACTED.encode()


def _readable(order: Order, said: bytes, placed: Delivery, body: bytes, mask: Mask) -> bytes:
    """What may be read of a body: what its templates make of what may be read."""
    if not is_composed(order.action):
        return _shown(body, mask)
    return REDACTED.encode() if placed.refusal else _shown(said, mask)
