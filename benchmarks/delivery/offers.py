"""Deliveries put straight on offer in a node's ledger: what is measured needs no door before it."""

from __future__ import annotations

import hashlib
import itertools
import json
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from benchmarks.node import Node
from hookwright.engine.delivery import Delivery
from hookwright.engine.identifiers import delivery_id, message_id
from hookwright.engine.ledger.broker import Broker
from hookwright.engine.ledger.ledger import Ledger
from hookwright.engine.ledger.ringing import RingingLedger
from hookwright.engine.ledger.work import Offer

NODE = "nod_0193a0b17f007000"  # of nobody: results wait on its stream
SOURCE = f"/hookwright/{NODE}"
AT_ONCE = 1000

_numbers = itertools.count()


def fresh(hook: str, wait: int = 0) -> Offer:
    """A delivery of 1 KB to the webhook `hook`, due in `wait` milliseconds."""
    number = next(_numbers)
    body = json.dumps({"name": str(number), "Notes": "x" * 980}).encode()
    event = f"evt_0193a0b1-7f00-7000-8000-{number:012x}"
    message = message_id(SOURCE, event, "webhook", hook, "")
    delivery = Delivery(
        id=delivery_id(message),
        message=message,
        entity_type="webhook",
        entity_id=hook,
        action="",
        event_id=event,
        event_source=SOURCE,
        event_type="Bench_0",
        node=NODE,
        due=int(time.time() * 1000) + wait,
        body=hashlib.sha256(body).hexdigest(),
    )
    return Offer(delivery, body, wait=wait)


@contextmanager
def offering(node: Node) -> Iterator[Ledger]:
    """The ledger of a node, which rings for what is due, as the door does."""
    broker = Broker(node.redis_url)
    ledger = RingingLedger(node.redis_url, broker.ring)
    try:
        yield ledger
    finally:
        ledger.close()
        broker.close()


def forget(ledger: Ledger) -> None:
    """Take the results away, as a bookkeeper would."""
    while found := ledger.results(NODE, block_ms=0):
        ledger.acknowledge(NODE, found[-1][0], [result.delivery for _, result in found])


def fill(ledger: Ledger, offers: Iterable[Offer]) -> None:
    """Put deliveries on offer, a thousand at a time."""
    rest = iter(offers)
    while some := list(itertools.islice(rest, AT_ONCE)):
        ledger.offer(some)
