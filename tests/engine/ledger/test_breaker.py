"""The breaker in the ledger, on a real server under a clock of ours: against a model, and case by case."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hookwright.engine.journal.switch import Switch
from hookwright.engine.ledger.ledger import Ledger
from hookwright.engine.ledger.policy import Policy
from hookwright.engine.ledger.work import Claim, Rest, Settle

from .work import REVISION, names, offer, outcomes, settle

FAILURES, PROBE, PROBE_MAX, CAP = 3, 60_000, 3_600_000, 3
POLICY = Policy(breaker=(FAILURES, PROBE, PROBE_MAX))
MINUTE, DAY = 60_000, 86_400_000


def failed(claim: Claim, outcome: str = "retry", rest: Rest | None = None) -> Settle:
    return settle(claim, outcome, 0 if outcome == "retry" else None, rest, error="status")


@dataclass
class Model:
    """What a breaker is: the same decisions, made on plain values."""

    now: int
    strikes: int = 0
    opened: int = 0
    until: int | None = None
    probing: str | None = None
    flying: int = 0

    def end(self, token: str, outcome: str, faulty: bool) -> None:
        self.flying -= 1
        probed = self.probing == token
        if probed:
            self.probing = None
        if outcome == "success":
            self.strikes, self.opened, self.until, self.probing = 0, 0, None, None
        elif faulty and (probed or self.opened == 0):
            self.strikes += 1
            if probed or self.strikes >= FAILURES:
                self.opened += 1
                self.until = self.now + 1 + min(PROBE * 2 ** (self.opened - 1), PROBE_MAX)

    def claims(self) -> int:
        """How many calls may begin now."""
        if self.until is not None and self.until <= self.now:
            self.until = None
        if self.until is not None or self.probing:
            return 0
        return min(CAP - self.flying, 1 if self.opened else CAP)

    def begin(self, tokens: list[str]) -> None:
        self.flying += len(tokens)
        if tokens and self.opened:
            self.probing = tokens[0]


ENDINGS = st.sampled_from(["success", "failed", "failed", "failed", "refused", "cancelled", "handed back"])
OPERATIONS = st.one_of(
    st.tuples(st.just("go"), st.sampled_from([1, 1000, PROBE, PROBE + 1, 3 * PROBE, PROBE_MAX, DAY])),
    st.tuples(st.integers(0, CAP - 1), ENDINGS),
)


@pytest.mark.fault(44)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(operations=st.lists(OPERATIONS, min_size=5, max_size=40))
def test_the_scripts_decide_as_the_model_does(make, clock, operations):
    clock.flush()
    ledger = make(uuid.uuid4().hex)
    ledger.publish(REVISION, b"", {"webhook/a": CAP}, policies={"webhook/a": POLICY})
    ledger.offer([offer(f"a{n}") for n in range(100)])
    model, flying = Model(clock.now), {}
    for what, how in [("go", 0), *operations]:
        settles, back = [], []
        if what == "go":
            clock.go(how)
            model.now = clock.now
        elif what < len(flying):
            token, claim = list(flying.items())[what]
            del flying[token]
            model.end(token, how, faulty=how == "failed")
            if how == "failed":
                settles = [failed(claim)]
            elif how == "handed back":
                back = [token]
            else:
                error = "expression" if how == "refused" else None
                settles = [settle(claim, "failure" if how == "refused" else how, error=error)]
        expected = model.claims()
        tick = ledger.step(settles=settles, hand_back=back, claim=9)
        assert len(tick.claims) == expected
        flying |= {claim.token: claim for claim in tick.claims}
        model.begin([claim.token for claim in tick.claims])


@pytest.fixture
def ledger(make, clock) -> Ledger:
    """One endpoint with a breaker, five deliveries waiting, and one without."""
    ledger = make()
    ledger.publish(REVISION, b"", {"webhook/a": 1, "webhook/b": 1}, policies={"webhook/a": POLICY})
    ledger.offer([offer(f"a{n}") for n in range(5)])
    return ledger


def fail(ledger: Ledger, times: int) -> None:
    for _ in range(times):
        (claim,) = ledger.step(claim=1).claims
        ledger.step(settles=[failed(claim)])


def test_an_open_breaker_holds_what_waits_and_spends_no_try(ledger, clock):
    fail(ledger, FAILURES)
    clock.go(PROBE)
    assert ledger.step(claim=9).claims == ()
    clock.go(1)
    (probe,) = ledger.step(claim=9).claims
    assert (names(ledger.step(claim=9)), probe.attempt) == ([], 1)


def test_each_failed_probe_doubles_the_wait_up_to_the_longest(ledger, clock):
    fail(ledger, FAILURES)
    waits = []
    for _ in range(8):
        wait = ledger.step().next_due
        clock.go(wait)
        waits.append(wait // MINUTE)
        fail(ledger, 1)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_probe_that_succeeds_closes_the_breaker(ledger, clock):
    fail(ledger, FAILURES)
    clock.go(PROBE + 1)
    (probe,) = ledger.step(claim=9).claims
    assert len(ledger.step(settles=[settle(probe)], claim=9).claims) == 1
    assert ledger.rests() == {}


def test_the_probe_of_a_worker_that_died_is_made_by_another(make, ledger, clock):
    fail(ledger, FAILURES)
    clock.go(PROBE + 1)
    ledger.step(claim=9)
    other = make("w2")
    for _ in range(3):
        assert other.step(claim=9).claims == ()
        clock.go(2000)
    assert len(other.step(claim=9).claims) == 1


def test_a_probe_for_a_delivery_that_is_no_more_wanted_leaves_the_next_one_to_probe(ledger, clock):
    fail(ledger, FAILURES)
    clock.go(PROBE + 1)
    (probe,) = ledger.step(claim=9).claims
    assert len(ledger.step(settles=[settle(probe, "skipped")], claim=9).claims) == 1


def test_who_looks_is_told_why_and_until_when(ledger, clock):
    fail(ledger, FAILURES)
    rest = ledger.rests()["webhook/a"]
    assert (rest.cause, rest.until, rest.why) == (
        "breaker",
        clock.now + PROBE + 1,
        "3 failed attempts in a row",
    )


def test_a_breaker_waits_for_a_receiver_that_asked_for_more(ledger, clock):
    fail(ledger, FAILURES - 1)
    (claim,) = ledger.step(claim=1).claims
    ledger.step(settles=[failed(claim, rest=Rest(10 * PROBE, "retry_after", "asked"))])
    clock.go(10 * PROBE)
    assert ledger.step(claim=9).claims == ()
    clock.go(1)
    assert len(ledger.step(claim=9).claims) == 1


def test_switching_on_closes_the_breaker(ledger):
    fail(ledger, FAILURES)
    ledger.switch([Switch(name="webhook/a", state="paused", reason="", by="ada", at=1)])
    ledger.switch([Switch(name="webhook/a", state="enabled", reason="", by="ada", at=2)])
    assert len(ledger.step(claim=9).claims) == 1


@pytest.mark.parametrize("policy", [{}, {"webhook/a": Policy(breaker=POLICY.breaker, to="elsewhere")}])
def test_another_policy_lets_work_out_at_once(ledger, policy):
    fail(ledger, FAILURES)
    ledger.publish("sha256:r2", b"", {"webhook/a": 1}, policies=policy)
    assert len(ledger.step(claim=9).claims) == 1


def test_a_probe_under_way_when_the_ledger_is_emptied_does_not_bar_what_is_offered_again(ledger, clock):
    fail(ledger, FAILURES)
    clock.go(PROBE + 1)
    (probe,) = ledger.step(claim=9).claims
    ledger.grounds.empty()
    ledger.offer([offer("a1")])
    ledger.step(settles=[failed(probe)])
    assert names(ledger.step(claim=9)) == ["a1"]


def test_an_endpoint_that_is_removed_while_open_or_probed_gives_its_work_out(ledger, clock):
    fail(ledger, FAILURES)
    clock.go(PROBE + 1)
    (probe,) = ledger.step(claim=9).claims
    ledger.publish("sha256:r2", b"", {"webhook/b": 1})
    assert len(ledger.step(settles=[failed(probe)], claim=9).claims) == 4


@pytest.mark.fault(44)
def test_a_receiver_that_fails_for_days_and_recovers_gets_all_that_is_left_and_each_end_is_told(
    ledger, clock
):
    recovers, tries, told = clock.now + 5 * DAY, {}, []
    began = clock.now
    while ledger.depth().total:
        tick = ledger.step(claim=9)
        settles = []
        for claim in tick.claims:
            tries[claim.delivery.id] = claim.attempt
            if clock.now >= recovers:
                settles.append(settle(claim))
            else:
                settles.append(failed(claim, "retry" if claim.attempt < 50 else "failure"))
        ledger.step(settles=settles)
        told += [each for each in outcomes(ledger) if each[1] in ("success", "failure")]
        ledger._seen.clear()
        ledger.acknowledge("nod_1", f"{2**53}-0", [])
        clock.go(max(ledger.step().next_due or 0, 1))
    assert sorted(name for name, _ in told) == [f"a{n}" for n in range(5)]
    assert {outcome for _, outcome in told} >= {"success"}
    assert sum(tries.values()) <= 5 * 24 + 20, "the dead receiver was called more than about once an hour"
    assert clock.now - began < 5 * DAY + PROBE_MAX + MINUTE


@pytest.mark.fault(48)
def test_a_thousand_endpoints_that_rest_are_not_looked_at_for_a_healthy_delivery(make, clock):
    ledger = make()
    dead = [f"webhook/dead-{n}" for n in range(1000)]
    caps = dict.fromkeys([*dead, "webhook/ok"], 4)
    policies = {name: Policy(breaker=(1, PROBE, PROBE_MAX)) for name in dead}
    ledger.publish(REVISION, b"", caps, policies=policies)
    ledger.offer([offer(f"{n}-{name}", name) for name in dead for n in range(2)])
    while claims := ledger.step(claim=500).claims:
        ledger.step(settles=[failed(claim) for claim in claims])
    assert ledger.depth().total == 2000
    ledger.offer([offer("ok", "webhook/ok")])
    assert names(ledger.step(claim=1)) == ["ok"]
    assert ledger._redis.llen("{hw:0}:ring") == 0
