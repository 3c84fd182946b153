"""Rates in the ledger, on a real server under a clock of ours: never more than promised, by many workers."""

from __future__ import annotations

import pytest

from hookwright.engine.ledger.ledger import Ledger
from hookwright.engine.ledger.policy import Policy, burst
from hookwright.rules.model import Rate

from .work import REVISION, names, offer, settle

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000


def policy(rate: Rate) -> Policy:
    return Policy(rate=(rate.calls, rate.span, burst(rate), str(rate)))


def publish(ledger: Ledger, rate: Rate, cap: int = 1000) -> None:
    caps = {"webhook/a": cap, "webhook/b": cap}
    ledger.publish(REVISION, b"", caps, policies={"webhook/a": policy(rate)})


def times(ledgers: list[Ledger], clock, span: int) -> list[int]:
    """When calls were claimed in so many ms, by workers that settle at once and look when there is work."""
    made, end = [], clock.now + span
    while clock.now < end:
        waits = []
        for ledger in ledgers:
            tick = ledger.step(claim=64)
            made += [clock.now] * len(tick.claims)
            waits.append(ledger.step(settles=[settle(claim) for claim in tick.claims]).next_due)
        clock.go(max(min(each or 1 for each in waits), 1))
    return made


def most(made: list[int], span: int) -> int:
    """The most calls in any `span` ms."""
    return max(sum(start <= each < start + span for each in made) for start in made)


@pytest.mark.parametrize(
    ("rate", "span"),
    [
        (Rate(10, SECOND), 3 * SECOND),
        (Rate(100, SECOND), 2 * SECOND),
        (Rate(1000, MINUTE), 5 * SECOND),
        (Rate(7, HOUR), 3 * HOUR),
    ],
    ids=str,
)
def test_no_span_of_the_unit_sees_more_calls_than_promised_by_many_workers(make, clock, rate, span):
    ledgers = [make(f"w{n}") for n in range(3)]
    publish(ledgers[0], rate)
    ledgers[0].offer([offer(f"a{n}") for n in range(400)])
    made = times(ledgers, clock, span)
    assert most(made, rate.span) <= rate.calls + burst(rate) - 1
    assert len(made) >= rate.calls * span // rate.span, "the rate was not used"


def test_a_burst_is_a_tenth_of_a_second_of_the_rate_and_always_one_call():
    rates = [Rate(1000, SECOND), Rate(15, SECOND), Rate(1, HOUR), Rate(6000, MINUTE)]
    assert [burst(rate) for rate in rates] == [100, 1, 1, 10]


def test_an_endpoint_that_used_up_its_rate_holds_up_nobody_else(make, clock):
    ledger = make()
    publish(ledger, Rate(1, HOUR))
    ledger.offer([offer("a0"), offer("a1"), offer("b0", "webhook/b"), offer("b1", "webhook/b")])
    assert sorted(names(ledger.step(claim=9))) == ["a0", "b0", "b1"]
    assert ledger.rests()["webhook/a"].why == "at most 1/h"


def test_a_rate_saves_nothing_up_while_there_is_nothing_to_do(make, clock):
    ledger = make()
    publish(ledger, Rate(10, SECOND))
    clock.go(HOUR)
    ledger.offer([offer(f"a{n}") for n in range(9)])
    assert len(ledger.step(claim=9).claims) == 1


def test_a_retry_counts_as_a_call(make, clock):
    ledger = make()
    publish(ledger, Rate(1, MINUTE))
    ledger.offer([offer("a0")])
    (claim,) = ledger.step(claim=9).claims
    assert ledger.step(settles=[settle(claim, "retry", 0)], claim=9).claims == ()
    clock.go(MINUTE)
    assert names(ledger.step(claim=9)) == ["a0"]


def test_a_call_that_is_held_or_handed_back_leaves_its_place_to_another(make, clock):
    """None was made: a schedule is closed, a secret is missing, or the worker stops."""
    ledger = make()
    publish(ledger, Rate(1, HOUR))
    ledger.offer([offer("a0"), offer("a1")])
    (held,) = ledger.step(claim=9).claims
    assert ledger.rests()["webhook/a"].why == "at most 1/h"
    (unsent,) = ledger.step(settles=[settle(held, "held", HOUR)], claim=9).claims
    assert (held.delivery.id, unsent.delivery.id) == ("dlv_a0", "dlv_a1")
    ledger.step(hand_back=[unsent.token])
    (again,) = ledger.step(claim=9).claims
    assert again.delivery.id == "dlv_a1"
    ledger.step(settles=[settle(again)], claim=9)
    assert ledger.rests()["webhook/a"].until == clock.now + HOUR


def test_a_place_that_is_left_to_another_is_left_once(make, clock):
    """Calls that come to nothing do not add up to more calls than the rate has."""
    ledger = make()
    publish(ledger, Rate(10, SECOND))
    ledger.offer([offer(f"a{n}") for n in range(40)])
    made: list[int] = []
    for turn in range(300):
        claims = ledger.step(claim=64).claims
        sent, unsent = claims[turn % 2 :], claims[: turn % 2]
        made += [clock.now] * len(sent)
        ledger.step(settles=[*(settle(each, "held", 1) for each in unsent), *map(settle, sent)])
        clock.go(37)
    assert len(made) == 40
    assert most(made, SECOND) <= 10


def test_another_rate_counts_at_once(make, clock):
    ledger = make()
    publish(ledger, Rate(1, HOUR))
    ledger.offer([offer(f"a{n}") for n in range(3)])
    ledger.step(claim=9)
    publish(ledger, Rate(100, SECOND))
    assert len(ledger.step(claim=9).claims) == 2


def test_the_same_rate_published_again_changes_nothing(make, clock):
    ledger = make()
    publish(ledger, Rate(1, HOUR))
    ledger.offer([offer(f"a{n}") for n in range(3)])
    ledger.step(claim=9)
    publish(ledger, Rate(1, HOUR), cap=7)
    assert ledger.step(claim=9).claims == ()


def test_a_rate_at_rest_leaves_no_key_behind(make, clock):
    ledger = make()
    publish(ledger, Rate(1, MINUTE))
    ledger.offer([offer("a0")])
    (claim,) = ledger.step(claim=9).claims
    ledger.step(settles=[settle(claim)])
    clock.go(MINUTE)
    ledger.step()
    assert not ledger._redis.keys("{hw:0}:ep:*")
