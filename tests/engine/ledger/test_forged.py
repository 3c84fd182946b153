"""What somebody else wrote into Redis: never sent, and in the way of nobody."""

from __future__ import annotations

from hashlib import sha256

import pytest
import redis
from msgspec import structs

from hookwright.engine.delivery import Result
from hookwright.engine.ledger.ledger import Offer

from .work import NODE, REVISION, names, offer, settle

pytestmark = pytest.mark.fault(73)
KEY = "{hw:0}:"


@pytest.fixture
def client(valkey):
    with redis.Redis.from_url(valkey) as client:
        yield client


@pytest.fixture
def ledger(make):
    ledger = make()
    ledger.publish(REVISION, b"", {"webhook/a": 4, "webhook/b": 4})
    return ledger


def altered(old: bytes, new: bytes):
    """What makes another text of the delivery x."""

    def alter(client) -> None:
        text = client.get(f"{KEY}d:dlv_x")
        assert old in text
        client.set(f"{KEY}d:dlv_x", text.replace(old, new))

    return alter


DAMAGES = {
    "no JSON": altered(b'{"id"', b'{"id'),
    "no UTF-8": altered(b'"dlv_x"', b'"dlv_\xff"'),
    "no delivery": altered(b'{"id"', b'{"name"'),
    "no tries": altered(b"000000 ", b"few "),
    "no suspicion": altered(b" 0000 ", b" some "),
    "nothing": lambda client: client.set(f"{KEY}d:dlv_x", ""),
    "another delivery": lambda client: client.set(f"{KEY}d:dlv_x", client.get(f"{KEY}d:dlv_y")),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_one_that_cannot_be_read_is_set_aside_and_the_others_go_on(ledger, client, damage):
    ledger.grounds.vouch(NODE, ledger.grounds.server())
    ledger.offer([offer("x"), offer("y"), offer("z", "webhook/b")])
    damage(client)
    tick = ledger.step(claim=9)
    assert sorted(names(tick)) == ["y", "z"]
    assert names(ledger.step(settles=[settle(each) for each in tick.claims], claim=9)) == []
    assert ledger.depth().total == 0
    assert not client.keys(f"{KEY}[dw]:*")
    assert "dlv_x" in {
        each.delivery for _, each in ledger.results(NODE, block_ms=0) if isinstance(each, Result)
    }


def test_bytes_that_were_altered_are_never_sent_and_those_offered_again_are(ledger, client):
    ledger.offer([offer("x")])
    ledger.offer([offer("y")])
    for name in "xy":
        client.append(f"{KEY}d:dlv_{name}", b'{"n": 2}')
    assert names(ledger.step(claim=9)) == []
    assert names(ledger.step(claim=9)) == []
    ledger.offer([offer("x"), offer("y")])
    tick = ledger.step(claim=9)
    assert (sorted(names(tick)), {claim.body for claim in tick.claims}) == (["x", "y"], {b"{}"})


def test_an_altered_body_of_many_deliveries_is_sent_for_none_of_them(ledger, client):
    large = b"x" * 100_000
    shared = [
        Offer(structs.replace(offer(name).delivery, body=sha256(large).hexdigest()), large) for name in "xy"
    ]
    ledger.offer(shared)
    (key,) = client.keys(f"{KEY}body:*")
    client.hset(key, "bytes", b"y" * 100_000)
    assert names(ledger.step(claim=9)) == names(ledger.step(claim=9)) == []
    assert not client.keys(f"{KEY}body:*")
    ledger.offer(shared)
    tick = ledger.step(claim=9)
    assert (sorted(names(tick)), {claim.body for claim in tick.claims}) == (["x", "y"], {large})


def test_results_that_nobody_can_read_are_dropped_and_the_others_are_booked(ledger, client):
    stream = f"{KEY}results:{NODE}"
    for forged in (
        {"reaped": "w"},
        {"spoiled": b"\xff"},
        {"reaped": "w", "delivery": "d", "attempt": "x", "at": "1"},
    ):
        client.xadd(stream, forged)
    ledger.offer([offer("x")])
    ledger.step(settles=[settle(each) for each in ledger.step(claim=9).claims])
    assert [each.delivery for _, each in ledger.results(NODE, block_ms=0)] == ["dlv_x"]
