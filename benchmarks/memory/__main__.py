"""Bytes a pending delivery of 1 KB takes in Redis, against a Dramatiq message with the same body.

Also told: what one event to 1,000 subscribers takes, in Redis and in the journal, where its body stands once.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from pathlib import Path

import redis

from benchmarks.delivery import actor
from hookwright.engine.delivery import Delivery
from hookwright.engine.identifiers import delivery_id, message_id
from hookwright.engine.journal.acceptance import accepted_entries
from hookwright.engine.ledger.ledger import Ledger
from hookwright.engine.ledger.work import Offer
from hookwright.engine.valkey.embedded import EmbeddedServer
from hookwright.rules.event import Event

PENDING = 10_000
FAN_OUT = 1_000
NODE = "nod_0193a0b17f007000"


def body(number: int) -> bytes:
    return json.dumps({"ProspectID": number, "Notes": "x" * 980}).encode()


def offer(number: int, hook: str, content: bytes) -> Offer:
    event = f"evt_0193a0b1-7f00-7000-8000-{number:012x}"
    message = message_id(f"/hookwright/{NODE}", event, "webhook", hook, "")
    delivery = Delivery(
        id=delivery_id(message),
        message=message,
        entity_type="webhook",
        entity_id=hook,
        action="",
        event_id=event,
        event_source=f"/hookwright/{NODE}",
        event_type="Lead_Post_Create",
        node=NODE,
        due=int(time.time() * 1000),
        body=hashlib.sha256(content).hexdigest(),
        place="hooks/webhooks.yaml:14",
    )
    return Offer(delivery, content)


def used(client: redis.Redis) -> int:
    told = client.info("memory")
    return int(told["used_memory"]) - int(told["mem_not_counted_for_evict"])


def journalled(offers: list[Offer], content: bytes) -> int:
    """Bytes of the lines that accept one event."""
    event = Event("e", "/s", "Lead_Post_Create", None, content)
    deliveries = [each.delivery for each in offers]
    entries = accepted_entries(event, "sha256:r", deliveries, {deliveries[0].body: content})
    return sum(len(each.fields) for each in entries if isinstance(each.fields, bytes))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedServer(Path(folder))
        url = server.start()
        try:
            measure(url, redis.Redis.from_url(url))
        finally:
            server.stop()


def measure(url: str, client: redis.Redis) -> None:
    ledger = Ledger(url)
    start = used(client)
    ledger.offer([offer(number, f"hook-{number % 100}", body(number)) for number in range(PENDING)])
    ours = (used(client) - start) / PENDING
    actor.broker(url)
    post = actor.declare()
    start = used(client)
    for number in range(PENDING):
        post.send(f"http://127.0.0.1:9/{number % 100}", body(number).decode())
    theirs = (used(client) - start) / PENDING
    ratio = f"({ours / theirs:.2f} of a Dramatiq message)"
    print(f"memory: a pending 1 KB delivery {ours:7,.0f} B in Redis {ratio}")
    start, content = used(client), body(PENDING)
    offers = [offer(PENDING, f"fan-{number}", content) for number in range(FAN_OUT)]
    ledger.offer(offers)
    each, copies = (used(client) - start) / FAN_OUT, len(client.keys(f"*{offers[0].delivery.body}"))
    lines = journalled(offers, content) / FAN_OUT
    apart = f"{copies} body; {lines:,.0f} B each in the journal"
    print(f"memory: one event to {FAN_OUT:,}     {each:7,.0f} B each in Redis, {apart}")


if __name__ == "__main__":
    main()
