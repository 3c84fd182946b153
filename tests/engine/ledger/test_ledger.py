"""The ledger's promises, each on a real server: idempotence, tokens, tombstones, caps, leases, epochs."""

from __future__ import annotations

import hashlib
import threading
import time

import msgspec
import pytest
import redis

from hookwright.engine.delivery import Delivery, Result
from hookwright.engine.errors import LedgerTooNew, LedgerUnavailable
from hookwright.engine.ledger.ledger import Claim, Ledger, Offer, Settle
from hookwright.engine.ledger.memory import Memory

NODE = "nod_1"
REVISION = "sha256:r1"


def offer(name: str, *, endpoint: str = "a", body: bytes = b'{"a":1}', node: str = NODE, **how: int) -> Offer:
    delivery = Delivery(
        id=f"dlv_{name}",
        message=f"msg_{name}",
        entity_type="webhook",
        entity_id=endpoint,
        action="",
        event_id="evt_1",
        event_source="/test",
        event_type="Lead_Post_Create",
        node=node,
        due=0,
        body=hashlib.sha256(body).hexdigest(),
    )
    return Offer(delivery, body, **how)


def offers(count: int, **how) -> list[Offer]:
    return [offer(f"{how.get('endpoint', 'a')}{n}", **how) for n in range(count)]


def result(claim: Claim, outcome: str = "success") -> Result:
    d = claim.delivery
    return Result(delivery=d.id, node=d.node, attempt=claim.attempt, outcome=outcome, at=1, worker="w")


def settle(claim: Claim, outcome: str = "success", wait: int | None = None) -> Settle:
    return Settle(claim.token, result(claim, outcome), wait)


def outcomes(ledger: Ledger, node: str = NODE) -> list[tuple[str, int, str]]:
    return [(r.delivery, r.attempt, r.outcome) for _, r in ledger.results(node, block_ms=0)]


def names(tick) -> list[str]:
    return [claim.delivery.id.removeprefix("dlv_") for claim in tick.claims]


def until(condition, seconds: float = 10.0):
    """The first true answer of `condition`."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come about in time"
        threading.Event().wait(0.01)
    return found


@pytest.fixture
def ledger(make) -> Ledger:
    """A ledger with a live revision."""
    ledger = make()
    ledger.publish(REVISION, b"content", {})
    return ledger


@pytest.fixture
def client(valkey):
    with redis.Redis.from_url(valkey) as client:
        yield client


def repeat_last_step(ledger: Ledger, **arguments):
    """Send the step again under its number, as after an answer that was lost on the way."""
    ledger._call -= 1
    return ledger.step(**arguments)


def test_a_claim_carries_everything_a_call_needs(ledger):
    offered = offer("x", body=b"\xff\x00raw", attempts=2)
    assert ledger.offer([offered]).added == 1
    tick = ledger.step(claim=5)
    assert tick.claims == (Claim(offered.delivery, b"\xff\x00raw", 3, tick.claims[0].token, 1),)
    assert tick.live == REVISION
    assert ledger.content(REVISION) == b"content"


def test_offering_twice_adds_once(ledger, client):
    assert ledger.offer(offers(3)).added == 3
    assert ledger.offer(offers(4)).added == 1
    assert ledger.depth().total == 4
    assert client.hget("{hw:0}:body:" + offer("x").delivery.body, "count") == b"4"
    assert names(ledger.step(claim=9)) == ["a0", "a1", "a2", "a3"]


def test_an_offer_of_what_is_in_flight_changes_nothing(ledger):
    ledger.offer(offers(1))
    tick = ledger.step(claim=9)
    assert ledger.offer(offers(1)).added == 0
    assert ledger.step(claim=9).claims == ()
    assert ledger.step(settles=[settle(tick.claims[0])]).claims == ()
    assert outcomes(ledger) == [("dlv_a0", 1, "success")]


def test_more_offers_than_fit_one_call_all_arrive(ledger):
    assert ledger.offer(offers(1001)).added == 1001
    assert ledger.depth().ready == 1001


def test_a_repeated_step_gives_the_same_claims_and_settles_once(ledger):
    ledger.offer(offers(6))
    first = ledger.step(claim=3)
    assert names(repeat_last_step(ledger, claim=3)) == names(first)
    settles = [settle(claim) for claim in first.claims]
    second = ledger.step(settles=settles, claim=2)
    again = repeat_last_step(ledger, settles=settles, claim=2)
    assert again.claims == second.claims
    assert len(outcomes(ledger)) == 3
    assert ledger.depth().in_flight == 2


def test_an_older_call_number_claims_and_changes_nothing(ledger):
    ledger.offer(offers(6))
    first = ledger.step(claim=1)
    ledger.step(claim=1)
    ledger._call -= 2
    late = ledger.step(settles=[settle(first.claims[0])], claim=4)
    assert late.claims == ()
    assert outcomes(ledger) == []
    assert ledger.depth().in_flight == 2


def test_a_repeated_retry_spends_one_try(ledger):
    ledger.offer(offers(1))
    claim = ledger.step(claim=1).claims[0]
    settles = [settle(claim, "retry", 0)]
    ledger.step(settles=settles)
    repeat_last_step(ledger, settles=settles)
    assert [c.attempt for c in ledger.step(claim=1).claims] == [2]


def test_a_step_without_an_answer_is_repeated_with_its_arguments_or_not_at_all(own_valkey):
    ledger = Ledger(own_valkey.url, worker="w1")
    ledger.publish(REVISION, b"", {})
    ledger.offer(offers(2))
    own_valkey.kill()
    with pytest.raises(LedgerUnavailable):
        ledger.step(claim=1)
    with pytest.raises(ValueError, match="same arguments"):
        ledger.step(claim=2)
    own_valkey.start()
    assert names(ledger.step(claim=1)) == ["a0"]
    ledger.close()


def test_a_settle_with_a_stale_token_is_reported_as_lost_and_moves_nothing(make, ledger):
    slow, quick = make("slow", lease=0.1), ledger
    quick.offer(offers(1))
    stale = slow.step(claim=1).claims[0]
    reaping = make("reaper", lease=0.1)
    until(reaping.beat)
    assert outcomes(quick) == [("dlv_a0", 1, "lost")]
    fresh = quick.step(claim=1).claims[0]
    assert fresh.attempt == 1
    slow.step(settles=[settle(stale)])
    assert outcomes(quick) == [("dlv_a0", 1, "lost")]
    quick.step(settles=[settle(fresh)])
    slow.step(settles=[settle(stale, "failure")])
    assert outcomes(quick) == [("dlv_a0", 1, "success"), ("dlv_a0", 1, "lost")]


def test_a_list_that_is_to_be_split_leaves_the_ledger_and_is_refused_until_that_is_booked(ledger):
    (offered,) = offers(1)
    ledger.offer([offered])
    (claim,) = ledger.step(claim=1).claims
    ledger.step(settles=[settle(claim, "split")])
    assert (ledger.depth().total, ledger.step(claim=1).claims) == (0, ())
    assert ledger.offer([offered]).refused == (offered.delivery.id,)


def test_a_settled_delivery_is_refused_until_its_result_is_booked(ledger):
    ledger.offer(offers(1))
    ledger.step(settles=[settle(c) for c in ledger.step(claim=1).claims])
    assert ledger.offer(offers(1)).refused == ("dlv_a0",)
    identifier, booked = ledger.results(NODE, block_ms=0)[0]
    for _ in range(2):
        ledger.acknowledge(NODE, identifier, [booked.delivery])
    assert ledger.offer(offers(1)).added == 1


def test_nothing_is_left_when_all_is_settled_and_acknowledged(ledger, client):
    ledger.offer([*offers(30), *offers(5, endpoint="b", wait=1)])
    done = 0
    while done < 35:
        claims = ledger.step(claim=64).claims
        ledger.step(settles=[settle(claim) for claim in claims])
        done += len(claims)
    results = ledger.results(NODE, block_ms=0)
    ledger.acknowledge(NODE, results[-1][0], [r.delivery for _, r in results])
    ledger.leave()
    left = {key.decode().removeprefix("{hw:0}:") for key in client.scan_iter("*")}
    assert left == {"schema", "epoch", "live", "heard", f"revision:{REVISION}", f"results:{NODE}"}
    assert client.xlen(f"{{hw:0}}:results:{NODE}") == 0


def test_a_body_is_stored_once_and_goes_with_its_last_delivery(ledger, client):
    ledger.offer(offers(3))
    key = "{hw:0}:body:" + offer("x").delivery.body
    for left in (b"2", b"1", None):
        ledger.step(settles=[settle(c) for c in ledger.step(claim=1).claims])
        assert client.hget(key, "count") == left
    assert not client.exists(key)


def test_a_body_of_one_delivery_is_kept_with_it(ledger, client):
    ledger.offer([offer("x", body=b"\xff1"), offer("y", body=b"\xff2")])
    assert not client.keys("{hw:0}:body:*")
    tick = ledger.step(claim=2)
    assert [claim.body for claim in tick.claims] == [b"\xff1", b"\xff2"]
    ledger.step(settles=[settle(claim) for claim in tick.claims])
    assert not client.keys("{hw:0}:d:*")


def test_claims_of_one_step_may_share_a_body(ledger):
    bodies = [b"1", b"2", b"1", b"2", b"1", b"3"]
    ledger.offer([offer(f"{n}", endpoint=f"{n}", body=body) for n, body in enumerate(bodies)])
    assert [claim.body for claim in ledger.step(claim=9).claims] == bodies
    assert [claim.body for claim in ledger.step(claim=9).claims] == []


def test_results_of_one_step_come_in_its_order_with_what_they_caused_after_them(ledger):
    ledger.offer(offers(5))
    first, *others, last = ledger.step(claim=4).claims
    ledger.step(settles=[settle(last)])
    stale = settle(last, "retry", 0)
    ledger.step(settles=[settle(first, "retry", 0), stale, *(settle(claim) for claim in others)])
    assert [(d[-2:], o) for d, _, o in outcomes(ledger)] == [
        ("a3", "success"),
        ("a0", "retry"),
        ("a3", "lost"),
        ("a1", "success"),
        ("a2", "success"),
    ]


def test_each_node_gets_the_results_of_its_own_deliveries_whole(ledger):
    ledger.offer([offer(f"{n}", endpoint=f"{n}", node=f"nod_{n % 2}") for n in range(5)])
    claims = ledger.step(claim=5).claims
    settles = [settle(claim) for claim in claims]
    said = ["a", "é\n", "", "𝄞" * 300, "e"]
    ledger.step(
        settles=[
            Settle(each.token, msgspec.structs.replace(each.result, reason=reason))
            for each, reason in zip(settles, said, strict=True)
        ]
    )
    for node in (0, 1):
        found = [result.reason for _, result in ledger.results(f"nod_{node}", block_ms=0)]
        assert found == said[node::2]


def test_a_node_that_books_nothing_makes_no_more_results_than_fit(ledger, client):
    stream = f"{{hw:0}}:results:{NODE}"
    client.eval("for n = 1, 50000 do redis.call('XADD', KEYS[1], '*', 'n', n) end", 1, stream)
    ledger.offer([*offers(1), offer("other", node="nod_2")])
    assert names(ledger.step(claim=5)) == ["other"], "what others accepted goes on"
    (last, _), *_ = client.xrevrange(stream, count=1)
    ledger.acknowledge(NODE, last.decode(), [])
    client.zadd("{hw:0}:due", {"dlv_a0": 0})
    assert names(ledger.step(claim=5)) == ["a0"]


def test_acknowledging_keeps_later_results(ledger):
    ledger.offer(offers(3))
    for claim in ledger.step(claim=3).claims:
        ledger.step(settles=[settle(claim)])
    first = ledger.results(NODE, block_ms=0, count=1)[0]
    ledger.acknowledge(NODE, first[0], [first[1].delivery])
    assert [d for d, _, _ in outcomes(ledger)] == ["dlv_a1", "dlv_a2"]


def test_a_new_reader_starts_at_the_oldest_result_not_acknowledged(make, ledger):
    ledger.offer(offers(2))
    ledger.step(settles=[settle(c) for c in ledger.step(claim=2).claims])
    assert len(outcomes(ledger)) == 2
    assert outcomes(ledger) == []
    assert len(outcomes(make("", timeout=2))) == 2


def test_results_wait_for_the_first(make, ledger):
    ledger.offer(offers(1))
    claim = ledger.step(claim=1).claims[0]
    timer = threading.Timer(0.05, ledger.step, kwargs={"settles": [settle(claim)]})
    timer.start()
    found = make("").results(NODE, block_ms=2000)
    timer.join()
    assert [r.outcome for _, r in found] == ["success"]


@pytest.mark.fault(7)
def test_a_cap_holds_over_all_workers_and_opens_when_work_lands(make, ledger):
    ledger.publish(REVISION, b"", {"webhook/a": 3})
    other = make("w2")
    ledger.offer(offers(9))
    mine, others = ledger.step(claim=2), other.step(claim=9)
    assert (len(mine.claims), len(others.claims)) == (2, 1)
    assert other.step(claim=9).claims == ()
    assert ledger.beat() is False
    assert len(ledger.step(settles=[settle(mine.claims[0])], claim=9).claims) == 1


def test_the_default_cap_is_four(ledger):
    ledger.offer(offers(9))
    assert len(ledger.step(claim=64).claims) == 4


def test_a_raised_cap_frees_what_waited_behind_the_old_one(ledger):
    ledger.offer(offers(9))
    ledger.step(claim=64)
    ledger.publish("sha256:r2", b"", {"webhook/a": 6})
    assert len(ledger.step(claim=64).claims) == 2
    assert ledger.content(REVISION) is None


def test_endpoints_take_turns_of_four(ledger):
    ledger.publish(REVISION, b"", {"webhook/a": 100, "webhook/b": 100})
    ledger.offer([*offers(20), *offers(3, endpoint="b")])
    assert names(ledger.step(claim=9)) == ["a0", "a1", "a2", "a3", "b0", "b1", "b2", "a4", "a5"]


@pytest.mark.fault(17)
def test_work_due_later_does_not_hold_up_work_due_now(ledger):
    ledger.offer([offer(f"late{n}", wait=3_600_000) for n in range(100)])
    ledger.offer([offer("soon", wait=30), offer("now")])
    tick = ledger.step(claim=64)
    assert names(tick) == ["now"]
    assert 0 < tick.next_due <= 31
    assert names(until(lambda: (t := ledger.step(claim=64)).claims and t)) == ["soon"]
    assert ledger.depth().waiting == 100


def test_nothing_is_due_before_its_time(ledger):
    before = time.monotonic()
    ledger.offer([offer("x", wait=100)])
    until(lambda: ledger.step(claim=1).claims)
    assert time.monotonic() - before >= 0.1


def test_nothing_is_claimed_while_no_revision_is_live(make):
    ledger = make()
    ledger.offer(offers(1))
    tick = ledger.step(claim=1)
    assert (tick.claims, tick.live) == ((), None)
    assert ledger.beat() is False


def test_the_work_of_a_halted_node_is_passed_over(ledger, client):
    ledger.offer([*offers(3), offer("theirs", node="nod_2")])
    ledger.halt(NODE)
    assert names(ledger.step(claim=9)) == ["theirs"]
    ledger.halt(NODE, on=False)
    client.zadd("{hw:0}:due", {f"dlv_a{n}": 0 for n in range(3)})  # their next look, now
    assert names(ledger.step(claim=9)) == ["a0", "a1", "a2"]


def test_the_claims_of_a_dead_worker_come_back_unspent(make, ledger):
    dead, alive = make("dead", lease=0.2), make("alive", lease=0.2)
    ledger.offer(offers(2))
    dead.step(claim=2)
    assert alive.step(claim=2).claims == ()
    found = until(lambda: alive.step(claim=2).claims)
    found += alive.step(claim=2).claims
    assert sorted((c.delivery.id, c.attempt) for c in found) == [("dlv_a0", 1), ("dlv_a1", 1)]
    lost = ledger.results(NODE, block_ms=0)
    assert sorted((r.delivery, r.outcome, r.worker) for _, r in lost) == [
        ("dlv_a0", "lost", "dead"),
        ("dlv_a1", "lost", "dead"),
    ]
    assert list(alive.depth().workers) == ["alive"]


@pytest.mark.fault(16)
def test_a_silence_of_all_workers_is_the_death_of_none(make, ledger, client):
    """Redis was away for longer than a lease, say, or its clock jumped: who comes back first reaps nobody."""
    first, second = make("first", lease=0.5), make("second", lease=0.5)
    ledger.offer(offers(4))
    claims = [*first.step(claim=2).claims, *second.step(claim=2).claims]
    for jump in (-600_000, 600_000):
        for worker in ("first", "second"):
            client.zincrby("{hw:0}:lease", jump, worker)
        client.incrby("{hw:0}:heard", jump)
        for each in (first, second, first):
            each.beat()
        assert ledger.depth().in_flight == 4
    second.step(settles=[settle(claim) for claim in claims])
    assert {outcome for _, _, outcome in outcomes(ledger)} == {"success"}


def test_a_dead_worker_is_found_after_a_silence_too(make, ledger, client):
    dead, alive = make("dead", lease=0.2), make("alive", lease=0.2)
    ledger.offer(offers(1))
    dead.step(claim=1)
    client.zincrby("{hw:0}:lease", 600_000, "dead")  # the clock went back
    client.incrby("{hw:0}:heard", 600_000)
    alive.beat()
    assert ledger.depth().in_flight == 1
    until(lambda: alive.step(claim=1).claims)


def test_a_beat_keeps_the_lease_and_reaps_the_dead(make, ledger):
    dead, alive = make("dead", lease=0.2), make("alive", lease=0.2)
    ledger.offer(offers(1))
    dead.step(claim=1)
    assert until(alive.beat) is True
    assert set(alive.depth().workers) == {"alive"}


def test_hand_back_spends_no_try_and_needs_the_token(make, ledger):
    ledger.offer(offers(2))
    _, second = ledger.step(claim=2).claims
    make("other").step(hand_back=["dlv_a0/other/1", "dlv_gone/w1/1"])
    assert ledger.depth().in_flight == 2
    tick = ledger.step(hand_back=[second.token], claim=1)
    assert [(c.delivery.id, c.attempt) for c in tick.claims] == [("dlv_a1", 1)]
    ledger.step(hand_back=[second.token])
    assert ledger.depth().in_flight == 2
    assert outcomes(ledger) == []


def test_leaving_hands_back_everything_and_may_be_repeated(make, ledger):
    ledger.offer(offers(4))
    ledger.step(claim=4)
    for _ in range(2):
        ledger.leave()
    assert ledger.lease_age() == float("inf")
    assert ledger.depth().workers == {}
    assert len(make("w2").step(claim=9).claims) == 4


def test_a_held_delivery_spends_no_try(ledger):
    ledger.offer(offers(1))
    claim = ledger.step(claim=1).claims[0]
    ledger.step(settles=[settle(claim, "held", 0)])
    assert [c.attempt for c in ledger.step(claim=1).claims] == [1]
    assert outcomes(ledger) == [("dlv_a0", 1, "held")]


@pytest.mark.parametrize("outcome", ["success", "failure", "cancelled", "skipped"])
def test_a_terminal_outcome_ends_the_delivery(ledger, outcome):
    ledger.offer(offers(1))
    ledger.step(settles=[settle(ledger.step(claim=1).claims[0], outcome)])
    assert ledger.depth().total == 0
    assert outcomes(ledger) == [("dlv_a0", 1, outcome)]


@pytest.mark.parametrize("outcome", ["success", "retry"])
def test_a_result_outlives_the_loss_of_redis_and_bars_a_second_offer(ledger, client, outcome):
    ledger.offer(offers(1))
    claim = ledger.step(claim=1).claims[0]
    client.flushall()
    ledger.step(settles=[settle(claim, outcome, 0)])
    assert ledger.offer(offers(1)).refused == ("dlv_a0",)
    identifier, booked = ledger.results(NODE, block_ms=0)[0]
    assert booked.outcome == outcome
    ledger.acknowledge(NODE, identifier, [booked.delivery])
    assert ledger.offer(offers(1)).added == 1


def test_a_call_of_before_the_loss_that_ends_after_its_delivery_is_booked_is_told_once_more(ledger, client):
    """Nothing is left that knows it has ended: the bookkeeper does, and passes over what is not open."""
    ledger.offer(offers(1))
    before = ledger.step(claim=1).claims[0]
    client.flushall()
    ledger.publish(REVISION, b"", {})
    ledger.offer(offers(1))
    ledger.step(settles=[settle(ledger.step(claim=1).claims[0])])
    identifier, booked = ledger.results(NODE, block_ms=0)[0]
    ledger.acknowledge(NODE, identifier, [booked.delivery])
    for _ in range(2):
        ledger.step(settles=[settle(before)])
    assert outcomes(ledger) == [("dlv_a0", 1, "success"), ("dlv_a0", 1, "lost")]
    assert ledger.depth().total == 0


def test_the_epoch_changes_when_and_only_when_redis_lost_everything(make, ledger, client):
    first = ledger.epoch()
    assert make("w2").epoch() == ledger.offer(offers(1)).epoch == ledger.step(claim=1).epoch == first
    client.flushall()
    assert ledger.epoch() != first
    assert make("w2").epoch() == ledger.epoch()


def test_a_reader_starts_over_after_redis_lost_everything(ledger, client):
    ledger.offer(offers(1))
    ledger.step(settles=[settle(ledger.step(claim=1).claims[0])])
    ledger._seen[NODE] = "99999999999999-0"  # as if the server's clock had been ahead
    client.flushall()
    ledger.publish(REVISION, b"", {})
    ledger.offer(offers(1))
    ledger.step(settles=[settle(ledger.step(claim=1).claims[0])])
    assert outcomes(ledger) == [("dlv_a0", 1, "success")]


def test_data_of_a_newer_version_is_refused(ledger, client):
    client.set("{hw:0}:schema", 99)
    for call in (ledger.beat, ledger.leave, ledger.epoch, ledger.depth, lambda: ledger.offer(offers(1))):
        with pytest.raises(LedgerTooNew, match="newer version"):
            call()


def test_work_of_an_older_version_is_offered_again_and_what_it_did_is_still_booked(ledger, client):
    ledger.offer(offers(2))
    ledger.step(settles=[settle(ledger.step(claim=1).claims[0])])
    epoch = ledger.epoch()
    client.set("{hw:0}:schema", 1)
    client.sadd("{hw:0}:w:old", "dlv_a1")  # the form of then
    client.zadd("{hw:0}:lease", {"old": 0})
    assert ledger.epoch() != epoch, "so every node offers what is open"
    assert not client.exists("{hw:0}:w:old")
    offered = ledger.offer(offers(2))
    assert (offered.added, offered.refused) == (1, ("dlv_a0",))
    assert names(ledger.step(claim=5)) == ["a1"]
    assert outcomes(ledger) == [("dlv_a0", 1, "success")]


def test_scripts_come_back_after_redis_forgot_them(ledger, client):
    ledger.offer(offers(1))
    client.script_flush()
    assert len(ledger.step(claim=1).claims) == 1


def every_call(ledger: Ledger):
    return [
        lambda: ledger.offer(offers(1)),
        ledger.step,
        ledger.beat,
        ledger.leave,
        lambda: ledger.publish(REVISION, b"", {}),
        lambda: ledger.results(NODE, block_ms=0),
        lambda: ledger.acknowledge(NODE, "1-0", []),
        lambda: ledger.halt(NODE),
        lambda: ledger.switch(()),
        ledger.switches,
        lambda: ledger.expire(NODE, ()),
        ledger.epoch,
        ledger.live,
        lambda: ledger.content(REVISION),
        ledger.depth,
        ledger.ping,
    ]


def test_every_call_says_unavailable_when_redis_is_gone(own_valkey):
    ledger = Ledger(own_valkey.url, worker="w1")
    own_valkey.kill()
    for call in every_call(ledger):
        with pytest.raises(LedgerUnavailable):
            call()
    own_valkey.start()
    for call in every_call(ledger):
        call()
    ledger.close()


def test_a_read_only_replica_is_unavailable(own_valkey):
    ledger = Ledger(own_valkey.url, worker="w1")
    with own_valkey.client() as client:
        client.replicaof("127.0.0.1", 1)
        with pytest.raises(LedgerUnavailable):
            ledger.offer(offers(1))
        client.replicaof("NO", "ONE")
    assert ledger.offer(offers(1)).added == 1
    ledger.close()


def test_how_full_a_server_is_is_told_by_the_share_of_its_limit(own_valkey):
    memory = Memory(own_valkey.url)
    with own_valkey.client() as client:
        assert memory.fullness() == 0.0
        client.config_set("maxmemory", 10 * client.info("memory")["used_memory"])
        assert 0.05 < memory.fullness() < 0.2
        client.config_set("maxmemory", 1)
        assert memory.fullness() > 1
    own_valkey.kill()
    with pytest.raises(LedgerUnavailable):
        memory.fullness()
    memory.close()


@pytest.mark.fault(11)
def test_a_full_server_takes_no_offer_but_still_settles(own_valkey):
    ledger = Ledger(own_valkey.url, worker="w1")
    ledger.publish(REVISION, b"", {})
    ledger.offer(offers(2))
    claim = ledger.step(claim=1).claims[0]
    with own_valkey.client() as client:
        client.config_set("maxmemory", 1)
        with pytest.raises(LedgerUnavailable):
            ledger.offer(offers(3))
        ledger.step(settles=[settle(claim)])
        identifier, booked = ledger.results(NODE, block_ms=0)[0]
        ledger.acknowledge(NODE, identifier, [booked.delivery])
        client.config_set("maxmemory", 0)
    assert ledger.depth().total == 1
    ledger.close()


def test_a_silent_server_is_unavailable_after_the_timeout(own_valkey):
    ledger = Ledger(own_valkey.url, worker="w1", timeout=0.2)
    ledger.offer(offers(1))
    own_valkey.pause()
    with pytest.raises(LedgerUnavailable):
        ledger.beat()
    own_valkey.resume()
    ledger.beat()
    ledger.close()


def test_the_age_of_the_lease_counts_from_before_the_question(make):
    now = [10.0]
    ledger = make(clock=lambda: now[0])
    assert ledger.lease_age() == float("inf")
    ledger.beat()
    now[0] = 13.0
    assert ledger.lease_age() == 3.0
    ledger.step()
    assert ledger.lease_age() == 0.0


def test_what_the_journal_knows_better_is_gone_once_it_was_dropped(ledger, make):
    worker = make("w")
    ledger.grounds.look(NODE)
    ledger.grounds.vouch(NODE, ledger.grounds.server())
    ledger.offer(offers(2))
    (claim,) = worker.step(claim=1).claims
    ledger.grounds.drop(NODE, ["dlv_a0", "dlv_a1"])
    assert ledger.grounds.holding(NODE) == []
    assert (ledger.depth().total, ledger.depth().in_flight) == (0, 0)
    assert ledger.offer([Offer(claim.delivery, b"{}")]).added == 1
