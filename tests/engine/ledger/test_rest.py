"""Endpoints that make no calls for a time, on a real server: who waits, who does not, what ends a rest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hookwright.engine.journal.switch import Switch
from hookwright.engine.ledger.ledger import Ledger
from hookwright.engine.ledger.policy import Policy, policy_of
from hookwright.engine.ledger.work import Rest
from hookwright.rules.model import Schedule, Target

from .work import REVISION, names, offer, settle

CAPS = {"webhook/a": 1, "webhook/b": 1}
HOUR = 3_600_000
ASKED = Rest(HOUR, "retry_after", "the receiver asked for it")


@pytest.fixture
def ledger(make, clock) -> Ledger:
    ledger = make()
    ledger.publish(REVISION, b"", CAPS)
    ledger.beat()
    return ledger


def put_to_rest(ledger: Ledger, rest: Rest = ASKED) -> None:
    """`webhook/a` rests, with `a1` and `a2` waiting behind it."""
    ledger.offer([offer("a0"), offer("a1"), offer("a2")])
    (claim,) = ledger.step(claim=9).claims
    assert ledger.step(settles=[settle(claim, rest=rest)], claim=9).claims == ()


def test_an_endpoint_that_rests_makes_no_calls_and_the_others_do(ledger):
    put_to_rest(ledger)
    ledger.offer([offer("b0", "webhook/b"), offer("a3")])
    assert names(ledger.step(claim=9)) == ["b0"]
    assert names(ledger.step(claim=9)) == []


def test_an_endpoint_wakes_when_its_time_has_come_and_not_before(ledger, clock):
    put_to_rest(ledger)
    clock.go(HOUR)
    tick = ledger.step(claim=9)
    assert (names(tick), tick.next_due) == ([], 1)
    clock.go(1)
    assert names(ledger.step(claim=9)) == ["a1"]


def test_who_beats_is_told_to_look_shortly_before_an_endpoint_wakes(ledger, clock):
    put_to_rest(ledger)
    assert not ledger.beat()
    clock.go(HOUR - 1000)
    assert ledger.beat()


def test_what_wakes_is_entered_once(ledger, clock):
    put_to_rest(ledger)
    clock.go(2 * HOUR)
    assert names(ledger.step(claim=9)) == ["a1"]
    assert names(ledger.step(claim=9)) == []


def test_a_retry_of_an_endpoint_that_rests_waits_for_the_end_of_the_rest(ledger, clock):
    ledger.offer([offer("a0")])
    (claim,) = ledger.step(claim=9).claims
    ledger.step(settles=[settle(claim, "retry", 1000, ASKED)])
    clock.go(HOUR // 2)
    assert names(ledger.step(claim=9)) == []
    clock.go(HOUR)
    assert names(ledger.step(claim=9)) == ["a0"]


def test_of_two_rests_of_a_cause_the_longer_one_counts(make, clock):
    ledger = make()
    ledger.publish(REVISION, b"", {"webhook/a": 2})
    ledger.offer([offer("a0"), offer("a1"), offer("a2")])
    first, second = ledger.step(claim=2).claims
    shorter = Rest(1000, "retry_after", "")
    ledger.step(settles=[settle(first, rest=ASKED), settle(second, rest=shorter)])
    clock.go(HOUR - 1)
    assert names(ledger.step(claim=9)) == []
    clock.go(2)
    assert names(ledger.step(claim=9)) == ["a2"]


def test_of_two_causes_the_last_one_to_end_counts(make, clock):
    ledger = make()
    ledger.publish(REVISION, b"", {"webhook/a": 2})
    ledger.offer([offer("a0"), offer("a1"), offer("a2")])
    first, second = ledger.step(claim=2).claims
    closed = Rest(2 * HOUR, "schedule", "office is closed")
    ledger.step(settles=[settle(first, rest=closed), settle(second, rest=ASKED)])
    clock.go(2 * HOUR - 1)
    assert names(ledger.step(claim=9)) == []
    clock.go(2)
    assert names(ledger.step(claim=9)) == ["a2"]


def test_what_was_claimed_before_the_rest_is_settled_in_it(make, clock):
    ledger = make()
    ledger.publish(REVISION, b"", {"webhook/a": 2})
    ledger.offer([offer("a0"), offer("a1"), offer("a2")])
    first, second = ledger.step(claim=2).claims
    ledger.step(settles=[settle(first, rest=ASKED)])
    assert names(ledger.step(settles=[settle(second)], claim=9)) == []
    assert ledger.depth().total == 1


def test_a_repeated_step_puts_to_rest_once(ledger, clock):
    ledger.offer([offer("a0"), offer("a1")])
    (claim,) = ledger.step(claim=1).claims
    settles = [settle(claim, rest=ASKED)]
    ledger.step(settles=settles)
    clock.go(HOUR // 2)
    ledger._call -= 1
    ledger.step(settles=settles)
    clock.go(HOUR // 2 + 1)
    assert names(ledger.step(claim=9)) == ["a1"]


def test_a_late_answer_of_a_lost_claim_puts_nothing_to_rest(make, ledger, clock):
    ledger.offer([offer("a0"), offer("a1")])
    (claim,) = ledger.step(claim=1).claims
    other = make("w2")
    other.beat()
    clock.go(2000)
    other.beat()
    clock.go(2000)
    other.beat()
    clock.go(2000)
    assert names(other.step(claim=1)) == ["a0"]
    ledger.step(settles=[settle(claim, rest=ASKED)])
    other.leave()
    assert names(ledger.step(claim=9)) == ["a0"]


def test_a_configuration_with_the_same_policy_lets_an_endpoint_rest_on(make, clock):
    ledger = make()
    policies = {"webhook/a": Policy(retry_after=True)}
    ledger.publish(REVISION, b"", CAPS, policies=policies)
    put_to_rest(ledger)
    ledger.publish("sha256:r2", b"", {**CAPS, "webhook/c": 1}, policies=policies)
    assert names(ledger.step(claim=9)) == []


def test_a_configuration_with_another_policy_ends_the_rest_at_once(make, clock):
    ledger = make()
    ledger.publish(REVISION, b"", CAPS, policies={"webhook/a": Policy(retry_after=True)})
    put_to_rest(ledger)
    ledger.publish("sha256:r2", b"", CAPS)
    assert names(ledger.step(claim=9)) == ["a1"]


def test_an_endpoint_that_is_removed_gives_its_work_out_at_once(ledger):
    put_to_rest(ledger)
    ledger.publish("sha256:r2", b"", {"webhook/b": 1})
    assert names(ledger.step(claim=9)) == ["a1", "a2"]


def test_an_endpoint_no_configuration_has_never_rests(ledger):
    ledger.offer([offer("t0", test=True), offer("t1", test=True)])
    first, _second = ledger.step(claim=9).claims
    ledger.offer([offer("t2", test=True)])
    assert names(ledger.step(settles=[settle(first, rest=ASKED)], claim=9)) == ["t2"]


@pytest.mark.parametrize("state", ["disabled", "paused"])
def test_an_endpoint_switched_off_while_it_rests_stays_off_when_the_rest_ends(ledger, clock, state):
    put_to_rest(ledger)
    ledger.switch([Switch(name="webhook/a", state=state, reason="", by="ada", at=1)])
    clock.go(2 * HOUR)
    assert names(ledger.step(claim=9)) == []
    ledger.switch([Switch(name="webhook/a", state="enabled", reason="", by="ada", at=2)])
    assert names(ledger.step(claim=9)) == ["a1"]


def test_switching_on_does_not_end_a_rest_that_the_receiver_asked_for(ledger, clock):
    put_to_rest(ledger)
    ledger.switch([Switch(name="webhook/a", state="paused", reason="", by="ada", at=1)])
    ledger.switch([Switch(name="webhook/a", state="enabled", reason="", by="ada", at=2)])
    assert names(ledger.step(claim=9)) == []
    clock.go(2 * HOUR)
    assert names(ledger.step(claim=9)) == ["a1"]


def test_an_endpoint_whose_rest_is_over_leaves_no_key_behind(ledger, clock):
    put_to_rest(ledger)
    clock.go(2 * HOUR)
    for _ in range(2):
        (claim,) = ledger.step(claim=9).claims
        ledger.step(settles=[settle(claim)])
    left = {key.decode() for key in ledger._redis.keys("{hw:0}:*")}
    assert not {key for key in left if key.split(":")[-1] in ("rest", "rests") or ":ep:" in key}


def test_other_hours_end_the_rest_that_the_former_ones_led_to(make, clock):
    ledger = make()
    target, office = Target(url="http://127.0.0.1:1/"), Schedule("office", "UTC", opens=480, closes=1080)
    former, same, other = (
        policy_of(target, each) for each in (office, replace(office, id="desk"), replace(office, closes=1200))
    )
    assert former == same
    ledger.publish(REVISION, b"", CAPS, policies={"webhook/a": former})
    put_to_rest(ledger, Rest(HOUR, "schedule", "closed"))
    ledger.publish("sha256:r2", b"", CAPS, policies={"webhook/a": same})
    assert names(ledger.step(claim=9)) == []
    ledger.publish("sha256:r3", b"", CAPS, policies={"webhook/a": other})
    assert names(ledger.step(claim=9)) == ["a1"]
