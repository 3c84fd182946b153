"""What a worker died of: who is under suspicion, who is claimed by itself, and that all others go on."""

from __future__ import annotations

import itertools

import pytest
import redis

from hookwright.engine.ledger.work import POISONED

from .work import REVISION, names, offer, outcomes, settle

pytestmark = pytest.mark.fault(62)


@pytest.fixture
def client(valkey):
    with redis.Redis.from_url(valkey) as client:
        yield client


@pytest.fixture
def ledger(make):
    ledger = make("w0")
    ledger.publish(REVISION, b"", {f"webhook/{each}": 4 for each in "abc"})
    return ledger


def kill(worker, client, ledger) -> None:
    """The worker is dead, and another one finds out."""
    client.zadd("{hw:0}:lease", {worker.worker: 0})
    client.delete("{hw:0}:heard")
    ledger.beat()


def suspicions(tick):
    return {claim.delivery.id.removeprefix("dlv_"): claim.suspicion for claim in tick.claims}


def test_what_was_being_prepared_is_suspected_more_than_what_was_sent(make, client, ledger):
    ledger.offer([offer("sent")])
    worker = make("w1")
    worker.step(claim=9)
    ledger.offer([offer("prepared", "webhook/b")])
    worker.step(claim=9)
    kill(worker, client, ledger)
    found = suspicions(ledger.step(claim=9)) | suspicions(ledger.step(claim=9))
    assert found == {"sent": 3, "prepared": 10}


def test_a_suspect_is_claimed_by_itself_and_the_rest_right_after(make, client, ledger):
    ledger.offer([offer(f"a{n}") for n in range(3)] + [offer("b", "webhook/b"), offer("c", "webhook/c")])
    worker = make("w1")
    assert len(worker.step(claim=2).claims) == 2
    kill(worker, client, ledger)
    ticks = [ledger.step(claim=9) for _ in range(5)]
    claimed = [names(tick) for tick in ticks]
    assert sorted(name for each in claimed for name in each) == ["a0", "a1", "a2", "b", "c"]
    assert {("a0",), ("a1",)} <= {tuple(each) for each in claimed}


def test_whoever_dies_three_times_while_one_delivery_is_prepared_has_only_that_one_to_blame(
    make, client, ledger
):
    ledger.offer([offer(f"{lane}{n}", f"webhook/{lane}") for lane in "abc" for n in range(3)])
    claimed = {}
    for number in itertools.count(1):
        worker = make(f"v{number}")
        tick = worker.step(claim=4)
        claimed |= suspicions(tick)
        if "b1" in names(tick) and claimed["b1"] < POISONED:
            kill(worker, client, ledger)
            continue
        worker.step(settles=[settle(claim) for claim in tick.claims])
        worker.leave()
        if not tick.claims:
            break
    assert claimed.pop("b1") == POISONED
    assert len(claimed) == 8
    assert max(claimed.values()) <= 10
    assert [outcome for name, outcome in outcomes(ledger) if name == "b1"] == ["lost"] * 3 + ["success"]


def test_work_that_was_handed_back_is_under_no_suspicion(make, ledger):
    ledger.offer([offer("a")])
    worker = make("w1")
    worker.step(claim=1)
    worker.leave()
    assert suspicions(ledger.step(claim=1)) == {"a": 0}


def test_a_repeated_call_tells_of_the_same_suspicion(make, client, ledger):
    ledger.offer([offer("a")])
    worker = make("w1")
    worker.step(claim=1)
    kill(worker, client, ledger)
    first = suspicions(ledger.step(claim=1))
    ledger._call -= 1
    assert suspicions(ledger.step(claim=1)) == first == {"a": 10}
