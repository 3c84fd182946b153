"""Identifiers of messages and deliveries: made of what they stand for, so the same whoever makes them."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from .base32 import short

if TYPE_CHECKING:
    from .delivery import Delivery


def message_id(source: str, event_id: str, entity_type: str, subscriber: str, action: str) -> str:
    """The `webhook-id` on the wire: the same for every attempt and replay of this event to this action."""
    parts = event_part(source, event_id) + endpoint_part(entity_type, subscriber, action)
    return "msg_" + short(sha256(parts).digest())


def event_part(source: str, event_id: str) -> bytes:
    """What of a message's id is the event's, to be given to `identifiers`."""
    raw, name = source.encode(), event_id.encode()
    return b"%d:%b%d:%b" % (len(raw), raw, len(name), name)


def endpoint_part(entity_type: str, subscriber: str, action: str) -> bytes:
    """What of a message's id is the endpoint's."""
    return _prefixed(entity_type, subscriber, action)


def identifiers(of_event: bytes, of_endpoint: bytes) -> tuple[str, str]:
    """The ids of a message and of its first delivery: `message_id` and `delivery_id`, quicker."""
    message = "msg_" + short(sha256(of_event + of_endpoint).digest())
    return message, "dlv_" + short(sha256(f"30:{message}1:0".encode()).digest())


def batch_message_id(delivery: Delivery, key: str) -> str:
    """The `webhook-id` of the batch whose first member is `delivery`."""
    d = delivery
    return "msg_" + _digest(d.entity_type, d.entity_id, d.action, d.event_type, key, d.message)


def half_message_id(message: str, index: int) -> str:
    """The `webhook-id` of half 0 or 1 of the batch with this one."""
    return "msg_" + _digest("half", message, str(index))


def notice_message_id(entity_type: str, subscriber: str, notifier: str, kind: str, about: str) -> str:
    """The id of a notice: of its `kind`, to `notifier`, beginning with the delivery (or instant) `about`."""
    return "msg_" + _digest(entity_type, subscriber, notifier, kind, about)


def delivery_id(message: str, round_: int = 0) -> str:
    """Deterministic, so offering a delivery twice is harmless. Round 0 is the event, n the nth replay."""
    said, number = message.encode(), b"%d" % round_
    text = b"%d:%b%d:%b" % (len(said), said, len(number), number)
    return "dlv_" + short(sha256(text).digest())


def run_id(automation: str, source: str, event_id: str) -> str:
    """The run that an event begins: the same however often the event is read."""
    return "run_" + _digest(automation, source, event_id)


def key_digest(value: str) -> str:
    """What stands for the value of a key, however long that is; secret values do not show in it."""
    return _digest(value)


def _digest(*parts: str) -> str:
    """26 base32 characters (130 bits) of the SHA-256 over the length-prefixed parts."""
    return short(sha256(_prefixed.__wrapped__(*parts)).digest())


@lru_cache(maxsize=10_000)  # of endpoints
def _prefixed(*parts: str) -> bytes:
    return b"".join([b"%d:%b" % (len(raw), raw) for raw in map(str.encode, parts)])
