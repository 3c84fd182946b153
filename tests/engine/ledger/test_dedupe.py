"""Repeated events in the ledger, on a real server: one of a window goes out, the others are skipped."""

from __future__ import annotations

import pytest

from hookwright.engine.delivery import DedupePlan
from hookwright.engine.ledger.ledger import Ledger
from hookwright.engine.ledger.work import Offer

from .work import NODE, REVISION, names, offer, settle

HOUR = 3_600_000


def keyed(name: str, key: str = "k", endpoint: str = "webhook/a", **how: int) -> Offer:
    return offer(name, endpoint, dedupe=DedupePlan(key=key, window=HOUR), **how)


@pytest.fixture
def ledger(make, clock) -> Ledger:
    ledger = make()
    ledger.publish(REVISION, b"", {"webhook/a": 10, "webhook/b": 10})
    return ledger


def skipped(ledger: Ledger) -> list[tuple[str, str]]:
    found = [result for _, result in ledger.results(NODE, block_ms=0)]
    return [(each.delivery, each.reason) for each in found if each.outcome == "skipped"]


def test_the_first_of_a_key_goes_out_and_a_repeat_is_skipped_with_its_name(ledger):
    assert ledger.offer([keyed("a0"), keyed("a1"), keyed("o0", "other")]).added == 2
    assert sorted(names(ledger.step(claim=9))) == ["a0", "o0"]
    assert skipped(ledger) == [("dlv_a1", "duplicate of dlv_a0")]
    assert ledger.depth().total == 2


def test_a_key_is_remembered_from_the_first_one_on_and_for_the_window(ledger, clock):
    ledger.offer([keyed("a0")])
    clock.go(HOUR - 1)
    ledger.offer([keyed("a1")])
    clock.go(1)
    assert ledger.offer([keyed("a2")]).added == 1
    assert skipped(ledger) == [("dlv_a1", "duplicate of dlv_a0")]


def test_a_key_is_remembered_when_the_first_one_has_ended(ledger):
    ledger.offer([keyed("a0")])
    (claim,) = ledger.step(claim=9).claims
    ledger.step(settles=[settle(claim)])
    ledger.offer([keyed("a1")])
    assert skipped(ledger) == [("dlv_a1", "duplicate of dlv_a0")]


def test_each_endpoint_remembers_for_itself(ledger):
    assert ledger.offer([keyed("a0"), keyed("b0", endpoint="webhook/b")]).added == 2


def test_a_delivery_is_never_its_own_repeat_however_often_it_is_offered(ledger):
    for _ in range(3):
        ledger.offer([keyed("a0")])
    ledger._redis.delete("{hw:0}:d:dlv_a0")
    assert ledger.offer([keyed("a0")]).added == 1
    assert skipped(ledger) == []


def test_a_repeat_is_skipped_once_until_that_is_booked(ledger):
    ledger.offer([keyed("a0"), keyed("a1")])
    assert ledger.offer([keyed("a1")]).refused == ("dlv_a1",)
    assert len(skipped(ledger)) == 1


@pytest.mark.fault(10)
def test_after_redis_lost_everything_what_is_offered_again_first_goes_out_and_what_was_tried_goes_on(
    ledger, clock
):
    ledger.offer([keyed("a0")])
    clock.flush()
    ledger.publish(REVISION, b"", {"webhook/a": 10})
    assert ledger.offer([keyed("a0"), keyed("a1"), keyed("a2", attempts=1)]).added == 2
    assert skipped(ledger) == [("dlv_a1", "duplicate of dlv_a0")]
