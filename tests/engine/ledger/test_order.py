"""Deliveries that go out one after the other by key, on a real server: whatever else happens, in order."""

from __future__ import annotations

import uuid
from collections import defaultdict

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hookwright.engine.delivery import OrderPlan, Result
from hookwright.engine.journal.switch import Switch
from hookwright.engine.ledger.ledger import Ledger
from hookwright.engine.ledger.work import Expired, Offer

from .work import NODE, REVISION, names, offer, outcomes, settle

DAY = 86_400_000


def ordered(name: str, turn: int, key: str = "k", endpoint: str = "webhook/a", **how: int) -> Offer:
    return offer(name, endpoint, order=OrderPlan(key=key, turn=turn), **how)


@pytest.fixture
def ledger(make, clock) -> Ledger:
    ledger = make()
    ledger.publish(REVISION, b"", {"webhook/a": 10, "webhook/b": 10})
    return ledger


def test_one_of_a_key_is_in_flight_and_the_next_follows_its_end(ledger):
    ledger.offer([ordered(f"a{n}", n) for n in range(3)])
    sent = []
    while claims := ledger.step(claim=9).claims:
        assert len(claims) == 1
        sent += [claim.delivery.id for claim in claims]
        ledger.step(settles=[settle(claims[0])])
    assert sent == ["dlv_a0", "dlv_a1", "dlv_a2"]
    assert not ledger._redis.keys("{hw:0}:order:*")


def test_other_keys_other_endpoints_and_those_without_a_key_wait_for_nobody(ledger):
    ledger.offer([ordered("a0", 0), ordered("a1", 1), ordered("o0", 2, "other"), offer("f0"), offer("f1")])
    ledger.offer([ordered("b0", 3, endpoint="webhook/b")])
    assert sorted(names(ledger.step(claim=9))) == ["a0", "b0", "f0", "f1", "o0"]


def test_a_key_that_fails_blocks_only_itself_until_that_delivery_ends(ledger, clock):
    ledger.offer([ordered("a0", 0), ordered("a1", 1), ordered("o0", 2, "other")])
    claims = {claim.delivery.id: claim for claim in ledger.step(claim=9).claims}
    failing = settle(claims["dlv_a0"], "retry", 60_000, error="status")
    assert ledger.step(settles=[failing, settle(claims["dlv_o0"])], claim=9).claims == ()
    clock.go(60_001)
    (again,) = ledger.step(claim=9).claims
    assert (again.delivery.id, again.attempt) == ("dlv_a0", 2)
    assert names(ledger.step(settles=[settle(again, "failure")], claim=9)) == ["a1"]


def test_who_was_accepted_earlier_goes_first_though_offered_later(ledger):
    ledger.offer([ordered("a1", 1), ordered("a2", 2)])
    ledger.offer([ordered("a0", 0)])
    for name in ("a0", "a1", "a2"):
        (claim,) = ledger.step(claim=9).claims
        assert names_of(claim) == name
        ledger.step(settles=[settle(claim)])


def names_of(claim) -> str:
    return claim.delivery.id.removeprefix("dlv_")


def test_what_was_begun_is_finished_before_an_earlier_one_that_comes_late(ledger, clock):
    ledger.offer([ordered("a1", 1)])
    (claim,) = ledger.step(claim=9).claims
    ledger.offer([ordered("a0", 0)])
    assert ledger.step(settles=[settle(claim, "retry", 1000)], claim=9).claims == ()
    clock.go(1001)
    (again,) = ledger.step(claim=9).claims
    assert names_of(again) == "a1"
    assert names(ledger.step(settles=[settle(again)], claim=9)) == ["a0"]


def test_a_delay_is_kept_by_those_behind_it(ledger, clock):
    ledger.offer([ordered("a0", 0, wait=DAY), ordered("a1", 1)])
    assert ledger.step(claim=9).claims == ()
    clock.go(DAY + 1)
    (claim,) = ledger.step(claim=9).claims
    assert names_of(claim) == "a0"
    ledger.offer([ordered("a2", 2, wait=DAY)])
    (claim,) = ledger.step(settles=[settle(claim)], claim=9).claims
    assert names_of(claim) == "a1"
    assert ledger.step(settles=[settle(claim)], claim=9).claims == ()
    clock.go(DAY + 1)
    assert names(ledger.step(claim=9)) == ["a2"]


@pytest.mark.fault(2)
def test_a_worker_that_dies_leaves_its_key_to_another_one_in_order(make, ledger, clock):
    ledger.offer([ordered(f"a{n}", n) for n in range(3)])
    ledger.step(claim=9)
    other = make("w2")
    for _ in range(3):
        assert other.step(claim=9).claims == ()
        clock.go(2000)
    (claim,) = other.step(claim=9).claims
    assert names_of(claim) == "a0"
    assert names(other.step(settles=[settle(claim)], claim=9)) == ["a1"]


@pytest.mark.fault(10)
def test_order_is_kept_when_redis_lost_everything_and_the_journal_offers_again(ledger, clock):
    offers = [ordered(f"a{n}", n) for n in range(4)]
    ledger.offer(offers)
    (claim,) = ledger.step(claim=9).claims
    ledger.step(settles=[settle(claim)])
    clock.flush()
    ledger.publish(REVISION, b"", {"webhook/a": 10})
    ledger.offer([offers[3], offers[1], offers[2]])
    sent = []
    while claims := ledger.step(claim=9).claims:
        sent += [names_of(each) for each in claims]
        ledger.step(settles=[settle(each) for each in claims])
    assert sent == ["a1", "a2", "a3"]


def test_a_first_one_that_redis_lost_alone_blocks_nobody_once_the_others_are_offered_again(ledger):
    offers = [ordered(f"a{n}", n) for n in range(3)]
    ledger.offer(offers)
    ledger._redis.delete("{hw:0}:d:dlv_a0")
    assert ledger.step(claim=9).claims == ()
    ledger.offer(offers[1:])
    assert names(ledger.step(claim=9)) == ["a1"]


def test_what_waited_too_long_behind_an_endpoint_that_is_off_makes_room(ledger):
    ledger.offer([ordered("a0", 0), ordered("a1", 1)])
    ledger.switch([Switch(name="webhook/a", state="paused", reason="", by="ada", at=1)])
    old = Result(delivery="dlv_a0", node=NODE, attempt=0, outcome="skipped", at=1, reason="too old")
    assert ledger.expire(NODE, [Expired("webhook/a", old)]) == 1
    ledger.switch([Switch(name="webhook/a", state="enabled", reason="", by="ada", at=2)])
    assert names(ledger.step(claim=9)) == ["a1"]


def test_an_endpoint_that_is_removed_gives_its_work_out_one_after_the_other(ledger):
    ledger.offer([ordered("a0", 0), ordered("a1", 1)])
    ledger.publish("sha256:r2", b"", {"webhook/b": 1})
    (claim,) = ledger.step(claim=9).claims
    assert names(ledger.step(settles=[settle(claim, "cancelled")], claim=9)) == ["a1"]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["offer", "offer", "success", "retry", "failure", "back", "go"]), st.integers(0, 7)
    ),
    min_size=5,
    max_size=60,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_happens_each_key_has_one_in_flight_and_ends_in_order(make, clock, steps):
    clock.flush()
    ledger = make(uuid.uuid4().hex)
    ledger.publish(REVISION, b"", {"webhook/a": 5})
    flying, ended, count = {}, defaultdict(list), 0
    for what, which in [*steps, *[("success", 0), ("go", 7)] * 70]:
        settles, back = [], []
        if what == "offer":
            ledger.offer([ordered(f"{count}", count, f"k{which % 3}", wait=which * 100)])
            count += 1
        elif what == "go":
            clock.go(which * 100 + 1)
        elif which < len(flying):
            token, claim = list(flying.items())[which]
            del flying[token]
            if what == "back":
                back = [token]
            else:
                settles = [settle(claim, what, 200 if what == "retry" else None, error="status")]
            if what in ("success", "failure"):
                ended[claim.delivery.order.key].append(claim.delivery.order.turn)
        claims = ledger.step(settles=settles, hand_back=back, claim=9).claims
        flying |= {claim.token: claim for claim in claims}
        keys = [claim.delivery.order.key for claim in flying.values()]
        assert len(keys) == len(set(keys)), "two of a key are in flight"
    assert sum(map(len, ended.values())) == count, "something waits forever"
    assert all(turns == sorted(turns) for turns in ended.values())
    assert len(outcomes(ledger)) >= count
    assert not redis.Redis.keys(ledger._redis, "{hw:0}:order:*")
