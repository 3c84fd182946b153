"""The drain against a real ledger and real receivers: what it sends, settles, waits for and gives back."""

from __future__ import annotations

import hashlib
import re
import threading
import time

import msgspec
import pytest

from hookwright.engine.call.guard import Allowed, Policy
from hookwright.engine.call.resolve import Resolver
from hookwright.engine.delivery import Result
from hookwright.engine.ledger.ledger import Ledger
from hookwright.engine.ledger.work import Offer, Settle
from hookwright.engine.worker.published import loader
from hookwright.engine.worker.slots import Slots
from hookwright.rules.model import RetryPolicy, Target

LOOPBACK = Policy(allow=(Allowed.parse("127.0.0.0/8"),))
RETRY = "retry: {attempts: 3, initial: 50ms}"
NOTHING = hashlib.sha256(b"").hexdigest()


def until(condition, seconds: float = 15.0):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come about in time"
        threading.Event().wait(0.005)
    return found


def outcomes(rig):
    return [result.outcome for result in rig.book()]


def test_a_delivery_arrives_whole_and_is_settled(rig):
    sink = rig.sink()
    revision = rig.publish(crm=f"{sink.url}/in")
    [offer] = rig.offer("crm")
    rig.drain().run()
    [arrival] = sink.arrivals
    assert arrival.body == offer.body
    assert arrival.header("webhook-id") == offer.delivery.message
    [result] = rig.book()
    assert (result.delivery, result.attempt, result.outcome) == (offer.delivery.id, 1, "success")
    assert (result.revision, result.response.status, result.next) == (revision, 200, None)
    assert result.request.url.startswith(f"{sink.url}/in?entityType=webhook&entityId=crm")
    assert abs(result.at - int(arrival.header("webhook-timestamp")) * 1000) < 2000


def test_a_failing_receiver_is_tried_again_with_the_same_id_and_bytes(rig):
    sink = rig.sink(500, 500, 200)
    rig.publish(crm=f"{sink.url}, {RETRY}")
    [offer] = rig.offer("crm")
    rig.drain().run()
    assert outcomes(rig) == ["retry", "retry", "success"]
    assert [(arrival.body, i) for arrival, i in zip(sink.arrivals, sink.ids, strict=True)] == [
        (offer.body, offer.delivery.message)
    ] * 3
    first, second, third = (arrival.at for arrival in sink.arrivals)
    assert second - first >= 0.05
    assert third - second >= 0.05


def test_the_last_failed_try_is_a_failure(rig):
    sink = rig.sink(500)
    rig.publish(crm=f"{sink.url}, {RETRY}")
    rig.offer("crm")
    rig.drain().run()
    assert outcomes(rig) == ["retry", "retry", "failure"]
    last = rig.booked[-1]
    assert (last.error, last.reason, last.attempt) == ("status", "attempts exhausted", 3)
    assert last.response.status == 500


def test_a_receiver_that_is_not_there_counts_as_a_try(rig):
    sink = rig.sink()
    rig.publish(crm=f"{sink.url}, {RETRY}")
    sink.stop()
    rig.offer("crm")
    rig.drain().run()
    assert [(r.outcome, r.error) for r in rig.book()] == [
        ("retry", "connect"),
        ("retry", "connect"),
        ("failure", "connect"),
    ]


class ThreadlessResolver:
    """A machine that is out of threads."""

    def resolve(self, target, done):
        raise RuntimeError("can't start new thread")

    def close(self):
        pass


def test_a_machine_without_threads_costs_a_try_and_strands_nothing(rig):
    rig.publish(crm=f"http://127.0.0.1:9/, {RETRY}")
    rig.offer("crm")
    rig.drain(resolver=ThreadlessResolver()).run()
    assert [(r.outcome, r.error) for r in rig.book()] == [
        ("retry", "poison"),
        ("retry", "poison"),
        ("failure", "poison"),
    ]


def test_work_of_a_removed_subscriber_is_cancelled(rig):
    sink = rig.sink()
    rig.publish(other=sink.url)
    rig.offer("crm")
    rig.drain().run()
    assert [(r.outcome, r.reason) for r in rig.book()] == [("cancelled", "subscriber removed")]
    assert sink.arrivals == []


@pytest.mark.parametrize(
    ("retry", "said", "age"),
    [
        ("", "7d", 7 * 86_400_000),
        (", retry: {max_age: 3h}", "3h", 3 * 3_600_000),
    ],
)
def test_what_was_due_longer_ago_than_anybody_wants_is_skipped_and_not_sent(rig, retry, said, age):
    sink = rig.sink()
    rig.publish(crm=f"{sink.url}{retry}")
    fresh, old = rig.offers("crm", 2)
    late = msgspec.structs.replace(old.delivery, due=old.delivery.due - age - 60_000)
    nearly = msgspec.structs.replace(fresh.delivery, due=fresh.delivery.due - age + 60_000)
    rig.ledger.offer([Offer(late, old.body), Offer(nearly, fresh.body)])
    rig.drain().run()
    found = {result.delivery: (result.outcome, result.reason) for result in rig.book()}
    assert found == {
        late.id: ("skipped", f"too old: it was due more than {said} ago"),
        nearly.id: ("success", ""),
    }
    assert len(sink.arrivals) == 1


@pytest.mark.fault(42)
@pytest.mark.parametrize(
    ("status", "retry", "sent"),
    [
        (503, "{attempts: 2, initial: 50ms, retry_after: true}", 1),
        (429, "{attempts: 2, initial: 50ms, retry_after: true}", 1),
        (422, "{attempts: 2, initial: 50ms, retry_after: true}", 3),
        (503, "{attempts: 2, initial: 50ms}", 6),
    ],
)
def test_a_receiver_that_is_overloaded_gets_no_call_of_the_endpoint_before_the_time_it_named(
    rig, status, retry, sent
):
    sink = rig.sink(status, headers=[("Retry-After", "3600")])
    rig.publish(crm=f"{sink.url}, concurrency: 1, retry: {retry}")
    rig.offer("crm", 3)
    drain = rig.drain()
    drain.run()
    assert len(sink.arrivals) == sent
    rests = rig.client().zrange("{hw:0}:rest", 0, -1, withscores=True)
    if sent == 1:
        [result] = rig.book()
        assert 3_600_000 <= result.next - result.at <= 3_600_100
        assert [(name, score - result.at > 3_590_000) for name, score in rests] == [(b"webhook/crm", True)]
    else:
        assert rests == []


@pytest.mark.fault(41)
def test_a_receiver_that_aborts_a_message_is_not_asked_again(rig):
    sink = rig.sink(500, headers=[("webhook-delivery", "abort-message")])
    rig.publish(crm=f"{sink.url}, {RETRY}")
    rig.offer("crm")
    rig.drain().run()
    [result] = rig.book()
    assert (result.outcome, result.error) == ("failure", "status")
    assert result.reason == "status 500; the receiver says webhook-delivery: abort-message"
    assert len(sink.arrivals) == 1


def test_a_missing_secret_holds_the_delivery_and_spends_no_try(rig, monkeypatch):
    monkeypatch.delenv("RIG_TOKEN", raising=False)
    sink = rig.sink()
    rig.publish(crm=f"{sink.url}, auth: {{type: bearer, token: {{env: RIG_TOKEN}}}}")
    rig.offer("crm")
    drain = rig.drain()
    drain.run()
    [held] = rig.book()
    assert (held.outcome, held.error, held.attempt) == ("held", "not_ready", 1)
    assert held.next - held.at == 30_000
    monkeypatch.setenv("RIG_TOKEN", "s3cret")
    rig.client().zadd("{hw:0}:due", {held.delivery: 0})  # its next look, now
    drain.run()
    assert [(r.outcome, r.attempt) for r in rig.book()] == [("held", 1), ("success", 1)]
    assert sink.arrivals[0].header("authorization") == "Bearer s3cret"
    assert "s3cret" not in repr(rig.booked)


def test_a_closed_address_is_a_failure_and_nothing_is_sent(rig, counting):
    rig.publish(crm="http://10.1.2.3/in")
    rig.offer("crm")
    rig.drain(transport=counting).run()
    assert [(r.outcome, r.error, r.attempt) for r in rig.book()] == [("failure", "blocked_target", 1)]
    assert counting.calls == []


def test_a_delay_is_never_early_and_little_late(rig):
    sink = rig.sink()
    rig.publish(crm=sink.url)
    rig.offer("crm", 100, wait=3_600_000)
    taken = []
    for count in range(1, 4):
        before = time.monotonic()
        rig.offer("crm", wait=400)
        rig.drain().run()
        assert len(sink.arrivals) == count
        taken.append(sink.arrivals[-1].at - before)
    assert 0.4 <= min(taken) < 0.7


def test_no_more_than_the_limit_is_under_way_at_once(rig, run):
    sink = rig.sink()
    rig.publish(a=f"{sink.url}, concurrency: 5", b=f"{sink.url}, concurrency: 5")
    rig.offer("a", 6)
    rig.offer("b", 6)
    sink.gate.clear()
    running = run(rig.drain(slots=Slots(3, patience=60)))
    until(lambda: sink.now == 3)
    assert running.drain.wants_bell(0.05) is False
    sink.gate.set()
    assert running.ended()
    assert sink.most == 3
    assert len(rig.book()) == 12


def test_an_endpoint_that_hangs_holds_up_nobody_else(rig, run):
    slow, quick = rig.sink(), rig.sink()
    rig.publish(slow=f"{slow.url}, concurrency: 2", quick=quick.url)
    slow.gate.clear()
    rig.offer("slow", 30)
    rig.offer("quick", 30)
    run(rig.drain())
    until(lambda: len(quick.arrivals) == 30)
    until(lambda: len(rig.book()) == 30)
    assert len(slow.arrivals) == 2
    slow.gate.set()
    until(lambda: len(rig.book()) == 60)


def test_a_bell_makes_a_waiting_drain_look_at_once(rig, run):
    slow, quick = rig.sink(), rig.sink()
    rig.publish(slow=slow.url, quick=quick.url)
    slow.gate.clear()
    rig.offer("slow")
    drain = run(rig.drain()).drain
    late = []
    for count in range(1, 6):
        until(lambda: slow.arrivals and drain.wants_bell(1))
        before = time.monotonic()
        rig.offer("quick")
        assert drain.wake() is True
        until(lambda count=count: len(quick.arrivals) == count)
        late.append(quick.arrivals[-1].at - before)
    assert min(late) < 0.5
    slow.gate.set()


def test_a_bell_is_not_heard_by_a_drain_that_does_not_run(rig):
    drain = rig.drain()
    drain.run()
    assert drain.wake() is False
    assert drain.wants_bell(0) is True


def test_a_second_run_in_the_same_process_returns_at_once(rig, run):
    sink = rig.sink()
    rig.publish(crm=sink.url)
    sink.gate.clear()
    rig.offer("crm")
    drain = run(rig.drain()).drain
    until(lambda: sink.arrivals)
    drain.run()
    assert not rig.book()
    sink.gate.set()


def test_claims_are_prepared_under_the_revision_that_is_live(rig, run):
    old, new = rig.sink(), rig.sink()
    first = rig.publish(crm=f"{old.url}, concurrency: 1")
    old.gate.clear()
    rig.offer("crm", 3)
    run(rig.drain())
    until(lambda: old.arrivals)
    second = rig.publish(crm=f"{new.url}, concurrency: 1")
    old.gate.set()
    until(lambda: len(rig.book()) == 3)
    assert (len(old.arrivals), len(new.arrivals)) == (1, 2)
    assert [result.revision for result in rig.booked] == [first, second, second]


def test_nothing_is_claimed_under_a_revision_that_cannot_be_read(rig):
    sink = rig.sink()
    rig.ledger.publish("sha256:broken", b"{", {})
    rig.offer("crm")
    drain = rig.drain()
    drain.run()
    assert (rig.book(), rig.ledger.depth().ready) == ([], 1)
    rig.publish(crm=sink.url)
    drain.run()
    assert outcomes(rig) == ["success"]


def test_nothing_is_claimed_while_loading_a_revision_breaks_down(rig):
    rig.publish(crm="http://127.0.0.1:9/")
    rig.offer("crm")
    rig.drain(load=lambda revision, content: 1 / 0).run()
    assert (rig.book(), rig.ledger.depth().ready, rig.ledger.depth().in_flight) == ([], 1, 0)


class Broken:
    """A configuration with a bug."""

    revision = "sha256:bug"

    def target(self, delivery):
        return Target(url="http://127.0.0.1/", retry=RetryPolicy())

    def notify(self, delivery):
        return ("admins",)

    def prepare(self, claim, now):
        raise ZeroDivisionError


def test_a_delivery_that_breaks_its_preparation_ends_and_takes_nothing_along(rig):
    rig.ledger.publish("sha256:bug", b"", {})
    rig.offer("crm", 2)
    rig.drain(load=lambda revision, content: Broken()).run()
    assert [(r.outcome, r.error, r.notify) for r in rig.book()] == [("failure", "poison", ("admins",))] * 2


@pytest.mark.parametrize(
    ("answers", "ends"),
    [
        pytest.param((500, 200), ("retry", "success"), marks=pytest.mark.fault(8)),
        pytest.param((200,), ("success",), marks=pytest.mark.fault(9)),
    ],
)
def test_answers_outlive_an_outage_of_redis(own_rig, own_valkey, run, answers, ends):
    """What failed meanwhile is tried again, what succeeded meanwhile is not."""
    sink = own_rig.sink(*answers)
    own_rig.publish(crm=f"{sink.url}, {RETRY}")
    sink.gate.clear()
    own_rig.offer("crm", 6)
    running = run(own_rig.drain())
    until(lambda: len(sink.arrivals) == 4)
    own_valkey.kill()
    sink.gate.set()
    until(lambda: sink.now == 0)
    own_valkey.start()
    assert set(map(tuple, own_rig.settled(6).values())) == {ends}
    assert running.ended()
    assert len(sink.arrivals) == 6 * len(ends)


def test_answers_outlive_the_loss_of_everything_in_redis(rig, run):
    sink = rig.sink()
    rig.publish(crm=sink.url)
    sink.gate.clear()
    rig.offer("crm", 2)
    run(rig.drain())
    until(lambda: len(sink.arrivals) == 2)
    rig.client().flushall()
    sink.gate.set()
    assert list(rig.settled(2).values()) == [["success"], ["success"]]


@pytest.mark.fault(5)
def test_a_stop_lets_calls_finish_and_claims_nothing_more(rig, run):
    sink = rig.sink()
    rig.publish(crm=sink.url)
    sink.gate.clear()
    rig.offer("crm", 8)
    running = run(rig.drain())
    until(lambda: len(sink.arrivals) == 4)
    running.drain.stop()
    sink.gate.set()
    assert running.ended(5)
    assert outcomes(rig) == ["success"] * 4
    assert (rig.ledger.depth().ready, rig.ledger.depth().in_flight) == (4, 0)
    running.drain.run()
    assert rig.ledger.depth().ready == 4


def test_a_stop_does_not_wait_for_redis_when_there_is_nothing_to_tell_it(own_rig, own_valkey, run):
    own_rig.publish(crm="http://127.0.0.1:9/")
    own_valkey.kill()
    running = run(own_rig.drain())
    assert not running.ended(0.1)
    running.drain.stop()
    assert running.ended(3)


def test_calls_that_outlast_the_grace_are_cut_off_and_tried_again_later(rig, run):
    sink = rig.sink()
    rig.publish(crm=sink.url)
    sink.gate.clear()
    rig.offer("crm")
    running = run(rig.drain(grace=0.2))
    until(lambda: sink.arrivals)
    running.drain.stop()
    assert running.ended(5)
    assert [(r.outcome, r.error) for r in rig.book()] == [("retry", "reset")]


def resolver_on_command(rig):
    """A resolver whose lookups end when told to, and the events of asking and telling."""
    asked, told = threading.Event(), threading.Event()

    def lookup(host):
        asked.set()
        told.wait(10)
        return ("127.0.0.1",)

    return Resolver(LOOPBACK, lookup=lookup, budget=10), asked, told


@pytest.mark.fault(5)
def test_a_claim_not_yet_sent_is_handed_back_at_a_stop(rig, run, counting):
    resolver, asked, told = resolver_on_command(rig)
    rig.publish(crm="http://receiver.test/")
    rig.offer("crm")
    running = run(rig.drain(resolver=resolver, transport=counting))
    assert asked.wait(10)
    running.drain.stop()
    told.set()
    assert running.ended(5)
    assert (rig.book(), counting.calls, rig.ledger.depth().ready) == ([], [], 1)


class Standing(Ledger):
    """A ledger of a process that can stand still: while `still` is held it makes no step."""

    def __init__(self, url, **how):
        self.skew = 0.0
        self.still = threading.Lock()
        self.judged = threading.Event()
        super().__init__(url, worker="w", clock=lambda: time.monotonic() + self.skew, **how)

    def step(self, **what):
        with self.still:
            return super().step(**what)

    def holds(self, claim):
        held = super().holds(claim)
        self.judged.set()
        return held


@pytest.mark.fault(4)
def test_no_socket_opens_on_a_lease_that_may_have_ended(rig, run, counting):
    ledger = Standing(rig.url)
    resolver, asked, told = resolver_on_command(rig)
    sink = rig.sink()
    rig.publish(crm=f"http://receiver.test:{sink.url.rpartition(':')[2]}/")
    rig.offer("crm")
    attempts = []

    def load(revision, content):
        published = loader(rig.plugins)(revision, content)
        prepare = published.prepare
        published.prepare = lambda claim, now: attempts.append(claim.token) or prepare(claim, now)
        return published

    run(rig.drain(ledger=ledger, resolver=resolver, transport=counting, load=load))
    assert asked.wait(10)
    with ledger.still:  # a step now would renew the lease
        ledger.skew = ledger.lease
        ledger.judged.clear()
        told.set()
        assert ledger.judged.wait(10)
    until(rig.book)
    assert [(r.outcome, r.attempt) for r in rig.booked] == [("success", 1)]
    assert len(sink.arrivals) == 1
    assert len(set(attempts)) == 2  # it was handed back and claimed anew before it went out


@pytest.mark.fault(4)
def test_a_worker_that_stood_still_sends_nothing_that_another_one_has(rig, run, counting):
    """Its first sign of life gives it a lease again, but not what it held under the one that ended."""
    ledger = Standing(rig.url, lease=0.3)
    other = Ledger(rig.url, worker="other", lease=0.3)
    resolver, asked, told = resolver_on_command(rig)
    rig.publish(crm="http://receiver.test/")
    rig.offer("crm")
    run(rig.drain(ledger=ledger, resolver=resolver, transport=counting))
    assert asked.wait(10)
    with ledger.still:
        [claim] = until(lambda: other.beat() and other.step(claim=1).claims)
        ledger.beat()  # so that its lease is young
        ledger.judged.clear()
        told.set()
        assert ledger.judged.wait(10)
        assert counting.calls == []
        assert other.holds(claim)
        other.step(settles=[Settle(claim.token, done(claim))])
    other.close()


def done(claim):
    d = claim.delivery
    return Result(delivery=d.id, node=d.node, attempt=claim.attempt, outcome="success", at=1, worker="other")


def test_calls_that_wait_long_make_room_for_others(rig, run):
    slow, quick = rig.sink(), rig.sink()
    rig.publish(**{f"s{n}": slow.url for n in range(4)}, quick=quick.url)
    slow.gate.clear()
    for n in range(4):
        rig.offer(f"s{n}", 4)
    running = run(rig.drain(slots=Slots(8, patience=0.05)))
    until(lambda: slow.now == 16)
    rig.offer("quick", 20)
    running.drain.wake()
    until(lambda: len(quick.arrivals) == 20)
    slow.gate.set()
    assert running.ended()
    assert len(rig.settled(36)) == 36


@pytest.mark.parametrize(("count", "size"), [(300, 1000)])
def test_many_deliveries_are_each_settled_once(rig, count, size):
    sink = rig.sink()
    rig.publish(**{f"w{n}": f"{sink.url}, concurrency: 16" for n in range(10)})
    for n in range(10):
        rig.offer(f"w{n}", count // 10, size=size)
    rig.drain().run()
    assert len(rig.settled(count)) == count
    assert len(sink.arrivals) == len(set(sink.ids)) == count


class Stumbling(Ledger):
    """A real ledger with a bug that shows once."""

    stumbled = False

    def step(self, **arguments):
        tick = super().step(**arguments)
        if tick.claims and not self.stumbled:
            self.stumbled = True
            raise ZeroDivisionError
        return tick


def test_a_bug_in_one_turn_strands_nothing_for_long(rig, run):
    """The claims of the broken turn come back when their worker goes."""
    sink = rig.sink()
    rig.publish(crm=sink.url)
    rig.offer("crm", 8)
    ledger = Stumbling(rig.url, worker="w")
    running = run(rig.drain(ledger=ledger))
    until(lambda: ledger.stumbled)
    running.drain.stop()
    assert running.ended(20)
    ledger.leave()
    rig.drain().run()
    assert len(rig.settled(8)) == 8


def test_what_was_refused_when_it_was_accepted_fails_at_its_first_claim_without_a_call(rig):
    sink = rig.sink()
    rig.publish(crm=f"{sink.url}, {RETRY}")
    [offer] = rig.offers("crm")
    delivery = msgspec.structs.replace(offer.delivery, refusal=("plugin:odd", "no dates"), body=NOTHING)
    rig.ledger.offer([Offer(delivery, b"")])
    rig.offer("crm")
    rig.drain().run()
    found = {result.delivery: result for result in rig.book()}
    refused = found.pop(delivery.id)
    assert (refused.outcome, refused.attempt, refused.request) == ("failure", 1, None)
    assert (refused.error, refused.reason, refused.next) == ("plugin:odd", "no dates", None)
    assert [result.outcome for result in found.values()] == ["success"]
    assert len(sink.arrivals) == 1


def test_a_refused_delivery_of_a_removed_subscriber_is_cancelled(rig):
    rig.publish(other="http://127.0.0.1:9/")
    [offer] = rig.offers("crm")
    refused = msgspec.structs.replace(offer.delivery, refusal=("plugin:odd", "x"), body=NOTHING)
    rig.ledger.offer([Offer(refused, b"")])
    rig.drain().run()
    assert outcomes(rig) == ["cancelled"]


def test_a_get_is_tried_again_with_the_same_url_and_no_body(rig):
    sink = rig.sink(500, 200)
    rig.publish(crm=f"{sink.url}/, method: GET, {RETRY}")
    rig.offer("crm")
    rig.drain().run()
    assert outcomes(rig) == ["retry", "success"]
    first, second = sink.arrivals
    assert first.target == second.target
    assert re.match(r"/\?n=\d&x=aaaa", first.target)
    assert first.target.endswith("&entityType=webhook&entityId=crm&eventType=Lead_Post_Create")
    assert (first.method, first.body, first.header("content-type"), first.header("content-length")) == (
        "GET", b"", None, None,
    )  # fmt: skip
    assert rig.booked[-1].request.body == ""
    assert rig.booked[-1].request.url == sink.url + first.target


def test_outside_of_its_schedule_an_endpoint_rests_and_only_tests_are_sent(rig):
    sink, hour = rig.sink(), time.gmtime().tm_hour
    opens = f"{(hour + 12) % 24:02}:00", f"{(hour + 13) % 24:02}:00"
    rig.bundle = f'schedules: [{{id: late, timezone: UTC, between: ["{opens[0]}", "{opens[1]}"]}}]\n'
    rig.publish(crm=f"{sink.url}, hold_outside: late")
    rig.offer("crm", 9)
    [test] = rig.offers("crm")
    rig.ledger.offer([Offer(msgspec.structs.replace(test.delivery, test=True), test.body)])
    rig.drain().run()
    held = [result for result in rig.book() if result.outcome == "held"]
    assert 0 < len(held) < 9
    assert {(each.attempt, each.request) for each in held} == {(1, None)}
    assert {each.reason.rpartition(" ")[0].rpartition(" ")[2] for each in held} == {opens[0]}
    assert held[0].reason.startswith("outside the schedule late, which opens on ")
    rest = rig.ledger.rests()["webhook/crm"]
    assert (rest.cause, rest.why) == ("schedule", held[0].reason)
    assert sink.ids == [test.delivery.message]


def test_what_came_outside_of_a_schedule_that_skips_is_skipped_when_it_is_claimed(rig):
    rig.publish(crm="http://127.0.0.1:9/")
    [offer] = rig.offers("crm")
    skipped = msgspec.structs.replace(offer.delivery, refusal=("skipped", "outside the schedule late"))
    rig.ledger.offer([Offer(skipped, offer.body)])
    rig.drain().run()
    assert [(each.outcome, each.error, each.reason) for each in rig.book()] == [
        ("skipped", None, "outside the schedule late")
    ]
