"""Switching off in the ledger, on a real server: what counts, who wins, what waits, what is too old."""

from __future__ import annotations

import hashlib

import msgspec
import pytest
import redis

from hookwright.engine.delivery import Delivery, Received, Result
from hookwright.engine.journal.switch import Switch
from hookwright.engine.ledger.ledger import Claim, Ledger, Offer, Settle
from hookwright.engine.ledger.work import Expired
from hookwright.rules.model import FailureLimit

NODE = "nod_1"
CAPS = {"webhook/a": 4, "webhook/b": 4, "rule/r/actions/0/post": 4, "rule/r/actions/1/post": 4}


def offer(name: str, endpoint: str = "webhook/a", *, test: bool = False, **how: int) -> Offer:
    kind, identifier, action = [*endpoint.split("/", 2), ""][:3]
    delivery = Delivery(
        id=f"dlv_{name}",
        message=f"msg_{name}",
        entity_type=kind,
        entity_id=identifier,
        action=action,
        event_id="evt_1",
        event_source="/test",
        event_type="Lead_Post_Create",
        node=NODE,
        due=0,
        body=hashlib.sha256(b"{}").hexdigest(),
        test=test,
    )
    return Offer(delivery, b"{}", **how)


def result(claim: Claim, outcome: str) -> Result:
    d = claim.delivery
    return Result(delivery=d.id, node=d.node, attempt=claim.attempt, outcome=outcome, at=1, worker="w")


def settle(claim: Claim, outcome: str = "success", wait: int | None = None) -> Settle:
    return Settle(claim.token, result(claim, outcome), wait)


def told(ledger: Ledger) -> list[Switch]:
    return [each for _, each in ledger.results(NODE, block_ms=0) if isinstance(each, Switch)]


def names(tick) -> list[str]:
    return [claim.delivery.id.removeprefix("dlv_") for claim in tick.claims]


def switch(name: str = "webhook/a", state: str = "disabled", at: int = 1000, reason: str = "down") -> Switch:
    return Switch(name=name, state=state, reason=reason, by="ada", at=at)


def publish(ledger: Ledger, failures: int = 3, **caps: int) -> None:
    limits = {name: FailureLimit(failures, ("admins",)) for name in CAPS}
    ledger.publish("sha256:r1", b"", caps or CAPS, limits)


@pytest.fixture
def ledger(make) -> Ledger:
    """A ledger with a live revision in which three failures in a row switch an endpoint off."""
    ledger = make()
    publish(ledger)
    return ledger


@pytest.fixture
def client(valkey):
    with redis.Redis.from_url(valkey) as client:
        yield client


def run(ledger: Ledger, *outcomes: str, endpoint: str = "webhook/a", test: bool = False) -> None:
    """One delivery after the other, each with its outcome."""
    for outcome in outcomes:
        run.number += 1
        ledger.offer([offer(f"run{run.number}", endpoint, test=test)])
        wait = 3_600_000 if outcome in ("held", "retry") else None
        claims = ledger.step(claim=1).claims
        ledger.step(settles=[settle(claim, outcome, wait) for claim in claims])


run.number = 0


def failures(ledger: Ledger, endpoint: str = "webhook/a") -> int:
    return ledger.switches([endpoint])[1][0]


def state(ledger: Ledger, name: str = "webhook/a") -> str | None:
    return {each.name: each.state for each in ledger.switches()[0]}.get(name)


def test_failures_in_a_row_switch_an_endpoint_off_and_tell_its_node(ledger):
    run(ledger, "failure", "failure")
    assert (failures(ledger), state(ledger), told(ledger)) == (2, None, [])
    run(ledger, "failure")
    (said,) = told(ledger)
    assert (said.name, said.state, said.by) == ("webhook/a", "disabled", "hookwright")
    assert said.reason == "3 failed deliveries in a row"
    assert said.notify == ("admins",)
    (kept,) = ledger.switches()[0]
    assert (kept.at, kept.reason) == (said.at, said.reason)
    ledger.offer([offer("waits"), offer("goes", "webhook/b")])
    assert names(ledger.step(claim=9)) == ["goes"]
    assert ledger.depth().ready == 1


def test_one_failure_is_enough_where_one_is_allowed(ledger):
    publish(ledger, failures=1)
    run(ledger, "failure")
    assert [each.reason for each in told(ledger)] == ["1 failed delivery"]


def test_a_success_counts_from_nothing_again(ledger):
    run(ledger, "failure", "failure", "success", "failure", "failure")
    assert (failures(ledger), state(ledger)) == (2, None)


@pytest.mark.parametrize("outcome", ["cancelled", "skipped", "held", "retry"])
def test_other_ends_neither_count_nor_reset(ledger, outcome):
    run(ledger, "failure", outcome, "failure")
    assert (failures(ledger), state(ledger)) == (2, None)


def test_a_lost_lease_counts_nothing(make, ledger):
    run(ledger, "failure", "failure")
    dead = make("dead", lease=0.05)
    ledger.offer([offer("x")])
    stale = dead.step(claim=1).claims[0]
    dead.leave()
    dead.step(settles=[settle(stale, "failure")])
    assert (failures(ledger), state(ledger)) == (2, None)


def test_a_repeated_settle_counts_once(ledger):
    ledger.offer([offer("x")])
    claim = ledger.step(claim=1).claims[0]
    settles = [settle(claim, "failure")]
    ledger.step(settles=settles)
    ledger._call -= 1
    ledger.step(settles=settles)
    ledger.step(settles=settles)
    assert failures(ledger) == 1


def test_tests_and_notices_never_count_and_pass_what_is_off(ledger):
    run(ledger, *["failure"] * 5, test=True)
    run(ledger, *["failure"] * 5, endpoint="webhook/a/notify/admins")
    assert (failures(ledger), state(ledger)) == (0, None)
    ledger.switch([switch()])
    ledger.offer([offer("real"), offer("ping", test=True), offer("notice", "webhook/a/notify/admins")])
    assert names(ledger.step(claim=9)) == ["ping", "notice"]


def test_a_ping_that_succeeds_resets_nothing(ledger):
    run(ledger, "failure", "failure")
    run(ledger, "success", test=True)
    assert failures(ledger) == 2


def test_without_a_limit_failures_are_counted_and_nothing_is_switched_off(ledger):
    ledger.publish("sha256:r1", b"", CAPS)
    run(ledger, *["failure"] * 12)
    assert (failures(ledger), state(ledger)) == (12, None)


def test_a_lowered_limit_holds_from_the_next_failure_on(ledger):
    publish(ledger, failures=100)
    run(ledger, *["failure"] * 5)
    publish(ledger, failures=3)
    assert state(ledger) is None
    run(ledger, "failure")
    assert [each.reason for each in told(ledger)] == ["6 failed deliveries in a row"]


def test_only_one_endpoint_of_a_rule_goes_off(ledger):
    run(ledger, *["failure"] * 3, endpoint="rule/r/actions/0/post")
    ledger.offer([offer("zero", "rule/r/actions/0/post"), offer("one", "rule/r/actions/1/post")])
    assert names(ledger.step(claim=9)) == ["one"]


def test_a_subscriber_switched_off_takes_all_its_endpoints_along(ledger):
    ledger.switch([switch("rule/r", "paused")])
    ledger.offer([offer("zero", "rule/r/actions/0/post"), offer("one", "rule/r/actions/1/post")])
    assert ledger.step(claim=9).claims == ()
    ledger.switch([switch("rule/r", "enabled", at=2000)])
    assert sorted(names(ledger.step(claim=9))) == ["one", "zero"]


def test_an_endpoint_is_off_when_either_it_or_its_subscriber_is(ledger):
    ledger.switch([switch("rule/r"), switch("rule/r/actions/0/post")])
    ledger.offer([offer("zero", "rule/r/actions/0/post"), offer("one", "rule/r/actions/1/post")])
    ledger.switch([switch("rule/r", "enabled", at=2000)])
    assert names(ledger.step(claim=9)) == ["one"]
    ledger.switch([switch("rule/r/actions/0/post", "enabled", at=2000)])
    assert names(ledger.step(claim=9)) == ["zero"]


def test_what_was_ready_waits_and_is_claimed_when_switched_on(ledger):
    ledger.offer([offer(f"{n}") for n in range(6)])
    ledger.switch([switch()])
    assert ledger.step(claim=9).claims == ()
    assert ledger.beat() is False
    ledger.switch([switch(state="enabled", at=2000)])
    assert ledger.beat() is True
    assert names(ledger.step(claim=9)) == ["0", "1", "2", "3"]


def test_switching_on_counts_from_nothing_once(ledger):
    run(ledger, "failure", "failure")
    on = switch(state="enabled")
    assert ledger.switch([on]) == 1
    assert failures(ledger) == 0
    run(ledger, "failure")
    assert ledger.switch([on]) == 0
    assert failures(ledger) == 1


def test_two_enables_at_once_are_one(make, ledger):
    ledger.switch([switch()])
    ledger.offer([offer("x")])
    first, second = make("w2"), make("w3")
    assert first.switch([switch(state="enabled", at=2000)]) == 1
    assert second.switch([switch(state="enabled", at=2000)]) == 0
    assert names(first.step(claim=9)) == ["x"]
    assert second.step(claim=9).claims == ()


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_later_switch_counts_whoever_comes_first(ledger, order):
    two = [switch(at=1000), switch(state="enabled", at=1001)]
    for which in order:
        ledger.switch([two[which]])
    assert state(ledger) == "enabled"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_switches_at_one_instant_the_same_counts_in_any_order(ledger, order):
    two = [switch(at=1000), switch(state="paused", at=1000)]
    for which in order:
        ledger.switch([two[which]])
    assert state(ledger) == "paused"
    assert two[1].after(two[0])
    assert not two[0].after(two[1])


def test_a_failure_switches_off_even_what_was_enabled_by_a_clock_ahead_of_ours(ledger):
    ahead = 9_999_999_999_999
    ledger.switch([switch(state="enabled", at=ahead)])
    run(ledger, *["failure"] * 3)
    assert [each.at for each in told(ledger)] == [ahead + 1]
    assert state(ledger) == "disabled"


def test_what_is_in_flight_when_it_goes_off_is_finished(ledger):
    ledger.offer([offer(f"{n}") for n in range(8)])
    claims = ledger.step(claim=4).claims
    ledger.switch([switch()])
    ledger.step(settles=[settle(claims[0]), settle(claims[1], "failure"), settle(claims[2], "retry", 0)])
    ledger.step(hand_back=[claims[3].token])
    assert ledger.step(claim=9).claims == ()
    assert ledger.depth().in_flight == 0
    assert failures(ledger) == 1
    ledger.switch([switch(state="enabled", at=2000)])
    assert sorted(names(ledger.step(claim=9))) == ["3", "4", "5", "6"]  # the retry is last


def test_failures_that_land_while_it_is_off_say_nothing_more(ledger):
    ledger.offer([offer(f"{n}") for n in range(4)])
    claims = ledger.step(claim=4).claims
    ledger.switch([switch(state="paused")])
    ledger.step(settles=[settle(claim, "failure") for claim in claims])
    assert (told(ledger), state(ledger), failures(ledger)) == ([], "paused", 4)


def test_a_retry_that_falls_due_while_it_is_off_waits(ledger, until):
    ledger.offer([offer("x", wait=1)])
    ledger.switch([switch()])
    until(lambda: not ledger.step(claim=9).claims and ledger.depth().waiting == 0)
    assert ledger.step(claim=9).claims == ()
    ledger.switch([switch(state="enabled", at=2000)])
    assert names(ledger.step(claim=9)) == ["x"]


def test_a_dead_workers_claims_of_what_is_off_wait_too(make, ledger, until):
    ledger.offer([offer("x")])
    dead = make("dead", lease=0.1)
    dead.step(claim=1)
    ledger.switch([switch()])
    reaping = make("reaper", lease=0.1)
    until(lambda: not reaping.beat() and ledger.depth().in_flight == 0)
    assert ledger.step(claim=9).claims == ()
    ledger.switch([switch(state="enabled", at=2000)])
    assert names(ledger.step(claim=9)) == ["x"]


def test_what_redis_forgot_is_off_again_once_it_is_told(ledger, client):
    ledger.switch([switch()])
    client.flushall()
    publish(ledger)
    ledger.switch([switch()])
    ledger.offer([offer("x")])
    assert ledger.step(claim=9).claims == ()


def test_the_work_of_an_endpoint_that_is_removed_while_off_comes_out(ledger, client):
    run(ledger, "failure")
    ledger.offer([offer("x")])
    ledger.switch([switch()])
    ledger.step()
    ledger.publish("sha256:r2", b"", {"webhook/b": 4})
    assert names(ledger.step(claim=9)) == ["x"]
    assert not client.hexists("{hw:0}:ep:webhook/a", "failures")


def test_a_revision_that_brings_an_endpoint_back_finds_it_off(ledger):
    ledger.switch([switch()])
    ledger.publish("sha256:r2", b"", {"webhook/b": 4})
    publish(ledger)
    ledger.offer([offer("x")])
    assert ledger.step(claim=9).claims == ()


def expired(name: str, endpoint: str = "webhook/a") -> Expired:
    found = Result(delivery=f"dlv_{name}", node=NODE, attempt=0, outcome="skipped", at=1, reason="too old")
    return Expired(endpoint, found)


def outcomes(ledger: Ledger) -> list[tuple[str, str]]:
    return [(each.delivery, each.outcome) for _, each in ledger.results(NODE, block_ms=0)]


def test_what_waited_too_long_is_ended_once_and_told(ledger):
    ledger.offer([offer("ready"), offer("later", wait=3_600_000), offer("kept")])
    ledger.switch([switch()])
    both = [expired("ready"), expired("later")]
    assert (ledger.expire(NODE, both), ledger.expire(NODE, both)) == (2, 0)
    assert outcomes(ledger) == [("dlv_ready", "skipped"), ("dlv_later", "skipped")]
    assert (ledger.depth().total, ledger.depth().waiting) == (1, 0)
    assert ledger.offer([offer("ready")]).refused == ("dlv_ready",)
    ledger.switch([switch(state="enabled", at=2000)])
    assert names(ledger.step(claim=9)) == ["kept"]


def test_nothing_in_flight_or_switched_on_again_is_ended(ledger):
    ledger.offer([offer("flies"), offer("theirs", "webhook/b")])
    claim = ledger.step(claim=1).claims[0]
    ledger.switch([switch()])
    assert ledger.expire(NODE, [expired("flies"), expired("theirs", "webhook/b")]) == 0
    ledger.step(settles=[settle(claim)])
    assert outcomes(ledger) == [("dlv_flies", "success")]


def test_what_redis_lost_can_be_ended_and_is_not_offered_again_meanwhile(ledger, client):
    client.flushall()
    publish(ledger)
    ledger.switch([switch()])
    assert ledger.expire(NODE, [expired("x")]) == 1
    assert ledger.offer([offer("x")]).refused == ("dlv_x",)
    assert ledger.depth().total == 0


def test_a_full_server_can_still_be_switched(own_valkey):
    ledger = Ledger(own_valkey.url, worker="w1")
    publish(ledger)
    with own_valkey.client() as client:
        client.config_set("maxmemory", 1)
        assert ledger.switch([switch()]) == 1
        client.config_set("maxmemory", 0)
    ledger.close()


HOPELESS = FailureLimit(notify=("admins",), lasting=5 * 86_400_000, tries=20, statuses=(410, 418))
HOUR = 3_600_000


def answer(ledger: Ledger, outcome: str, status: int | None = None) -> None:
    """One delivery, with the status of its answer."""
    run.number += 1
    ledger.offer([offer(f"run{run.number}")])
    (claim,) = ledger.step(claim=1).claims
    response = None if status is None else Received(status=status)
    said = msgspec.structs.replace(result(claim, outcome), response=response)
    ledger.step(settles=[Settle(claim.token, said, 86_400_000 * 9 if outcome == "retry" else None)])


@pytest.mark.fault(43)
@pytest.mark.parametrize("outcome", ["retry", "failure"])
def test_an_answer_that_says_that_nobody_is_there_any_more_switches_off_at_once(ledger, outcome):
    ledger.publish("sha256:r2", b"", CAPS, {"webhook/a": HOPELESS})
    answer(ledger, outcome, 404)
    answer(ledger, "success", 200)
    assert state(ledger) is None
    answer(ledger, outcome, 410)
    (said,) = told(ledger)
    assert (said.state, said.by, said.reason) == ("disabled", "hookwright", "the receiver answered 410")
    assert said.notify == ("admins",)
    ledger.offer([offer("waits"), offer("goes", "webhook/b")])
    assert names(ledger.step(claim=9)) == ["goes"]


@pytest.mark.fault(43)
def test_several_such_answers_are_told_once(ledger):
    ledger.publish("sha256:r2", b"", CAPS, {"webhook/a": HOPELESS})
    ledger.offer([offer("one"), offer("two")])
    claims = ledger.step(claim=9).claims
    gone = [
        Settle(each.token, msgspec.structs.replace(result(each, "failure"), response=Received(status=410)))
        for each in claims
    ]
    ledger.step(settles=gone)
    assert len(claims) == 2
    assert len(told(ledger)) == 1


@pytest.mark.fault(44)
def test_nothing_but_failure_for_days_and_many_tries_switches_off(clock, make):
    ledger = make()
    ledger.publish("sha256:r1", b"", CAPS, {"webhook/a": HOPELESS})
    for _ in range(19):
        answer(ledger, "retry", 500)
        clock.go(6 * HOUR)
        assert state(ledger) is None
    clock.go(6 * HOUR)
    answer(ledger, "failure")
    (said,) = told(ledger)
    assert said.reason == "nothing but failure for 5d, 20 tries"


@pytest.mark.fault(44)
def test_days_without_the_tries_and_tries_without_the_days_switch_nothing_off(clock, make):
    ledger = make()
    ledger.publish("sha256:r1", b"", CAPS, {"webhook/a": HOPELESS})
    for _ in range(30):
        answer(ledger, "retry", 500)
    clock.go(4 * 24 * HOUR)
    answer(ledger, "retry", 500)
    answer(ledger, "success", 200)
    for _ in range(15):
        answer(ledger, "retry", 500)
        clock.go(24 * HOUR)
    assert (state(ledger), told(ledger)) == (None, [])


@pytest.mark.fault(44)
def test_a_success_or_a_person_that_switches_on_begins_the_days_anew(clock, make):
    ledger = make()
    ledger.publish("sha256:r1", b"", CAPS, {"webhook/a": HOPELESS})
    for reset in ("success", "switch"):
        for _ in range(19):
            answer(ledger, "retry", 500)
            clock.go(6 * HOUR)
        if reset == "success":
            answer(ledger, "success", 200)
        else:
            ledger.switch([switch(state="enabled", at=clock.now)])
        clock.go(48 * HOUR)
        answer(ledger, "retry", 500)
        assert state(ledger) in (None, "enabled")


def test_what_a_receiver_never_answered_says_nothing_of_its_status(ledger):
    ledger.publish("sha256:r2", b"", CAPS, {"webhook/a": HOPELESS})
    answer(ledger, "failure")
    assert (state(ledger), failures(ledger)) == (None, 1)
