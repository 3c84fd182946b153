"""Worker processes: what they deliver, and what kills, stops and outages of every kind cost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter

import psutil
import pytest

from hookwright.engine.errors import LedgerUnavailable

PROGRAM = """
import logging, sys
from hookwright.engine.call.guard import Allowed, Policy
from hookwright.engine.worker.worker import WorkerSettings, run_worker
from hookwright.plugins.loader import load_plugins

logging.basicConfig(level="INFO")
policy = Policy(allow=(Allowed.parse("127.0.0.0/8"),))
url, lease, grace = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
run_worker(
    WorkerSettings(url=url, plugins=load_plugins(), policy=policy, lease=lease, grace=grace, stop_at_eof=True)
)
"""
TERMINAL = ("success", "failure", "cancelled", "skipped")


def until(condition, seconds: float = 20.0):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"it did not come about within {seconds} s"
        threading.Event().wait(0.01)
    return found


@pytest.fixture
def spawn():
    """Starts worker processes; whatever still runs at the end is killed."""
    started = []

    def start(url: str, *, lease: float = 1.5, grace: float = 10.0) -> subprocess.Popen:
        command = [sys.executable, "-c", PROGRAM, url, str(lease), str(grace)]
        started.append(subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stderr.close()


def registered(rig, count: int = 1) -> bool:
    """Whether so many workers beat."""
    return len(rig.ledger.depth().workers) >= count


def exactly_once(rig, count: int) -> None:
    finals = [result.delivery for result in rig.booked if result.outcome in TERMINAL]
    assert len(finals) == len(set(finals)) == count


def test_a_worker_delivers_and_retries(rig, spawn):
    sink = rig.sink(500, 500, 200)
    rig.publish(crm=f"{sink.url}, retry: {{attempts: 3, initial: 50ms}}")
    process = spawn(rig.url)
    [offer] = rig.offer("crm")
    assert rig.settled(1) == {offer.delivery.id: ["retry", "retry", "success"]}
    assert {(arrival.body, arrival.header("webhook-id")) for arrival in sink.arrivals} == {
        (offer.body, offer.delivery.message)
    }
    assert process.poll() is None


def test_a_killed_worker_is_succeeded_by_another_within_ten_seconds(rig, spawn):
    sink = rig.sink()
    rig.publish(crm=sink.url)
    victim = spawn(rig.url, lease=2.5)
    sink.gate.clear()
    rig.offer("crm", 6)
    until(lambda: len(sink.arrivals) == 4)
    spawn(rig.url, lease=2.5)
    until(lambda: registered(rig, 2))
    victim.kill()
    killed = time.monotonic()
    sink.gate.set()
    outcomes = rig.settled(6)
    assert time.monotonic() - killed < 10
    assert sorted(outcomes.values()) == [["lost", "success"]] * 4 + [["success"]] * 2
    assert len(sink.arrivals) == 10  # only what was under way goes out twice, with the same id
    assert all(result.attempt == 1 for result in rig.booked)


def test_sigterm_lets_calls_finish_and_hands_back_the_rest(rig, spawn):
    sink = rig.sink()
    rig.publish(crm=sink.url)
    process = spawn(rig.url)
    sink.gate.clear()
    rig.offer("crm", 9)
    until(lambda: len(sink.arrivals) == 4)
    process.terminate()
    threading.Event().wait(0.3)
    assert process.poll() is None
    sink.gate.set()
    assert process.wait(10) == 0
    rig.book()
    exactly_once(rig, 4)
    depth = rig.ledger.depth()
    assert (depth.ready, depth.in_flight, dict(depth.workers)) == (5, 0, {})
    assert len(sink.arrivals) == 4


def test_an_idle_worker_ends_soon(rig, spawn):
    process = spawn(rig.url)
    until(lambda: registered(rig))
    before = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    assert time.monotonic() - before < 4
    assert rig.ledger.depth().workers == {}


@pytest.mark.slow
def test_a_second_signal_ends_the_worker_at_once(rig, spawn):
    sink = rig.sink()
    rig.publish(crm=sink.url)
    process = spawn(rig.url)
    sink.gate.clear()
    rig.offer("crm")
    until(lambda: sink.arrivals)
    process.terminate()
    threading.Event().wait(0.3)
    process.terminate()
    assert process.wait(3) == 128 + signal.SIGTERM


def test_a_worker_ends_when_its_parent_is_gone(rig, spawn):
    process = spawn(rig.url)
    until(lambda: registered(rig))
    process.stdin.close()
    assert process.wait(10) == 0


@pytest.mark.slow
def test_a_worker_may_start_before_redis(own_rig, own_valkey, spawn):
    sink = own_rig.sink()
    own_rig.publish(crm=sink.url)
    own_rig.offer("crm")
    own_valkey.kill()
    process = spawn(own_rig.url)
    until(lambda: b"the ledger cannot be reached" in process.stderr.readline())
    own_valkey.start()
    own_rig.settled(1)
    exactly_once(own_rig, 1)


@pytest.mark.slow
def test_two_workers_share_the_work_and_send_nothing_twice(rig, spawn):
    sink = rig.sink()
    rig.publish(**{f"w{n}": sink.url for n in range(10)})
    for _ in range(2):
        spawn(rig.url)
    until(lambda: registered(rig, 2))
    for n in range(10):
        rig.offer(f"w{n}", 20)
    rig.settled(200)
    exactly_once(rig, 200)
    assert len(sink.arrivals) == len(set(sink.ids)) == 200


def test_losing_messages_of_dramatiq_costs_time_only(rig, spawn):
    sink = rig.sink()
    rig.publish(crm=sink.url)
    spawn(rig.url)
    client = rig.client()
    dice = random.Random(7)
    ended = threading.Event()

    def lose() -> None:
        while not ended.wait(dice.uniform(0.005, 0.05)):
            for key in client.keys("{hw:0}:dramatiq:*"):
                client.delete(key)

    loser = threading.Thread(target=lose)
    loser.start()
    for _ in range(10):
        rig.offer("crm", 6)
        threading.Event().wait(dice.uniform(0, 0.3))
    rig.settled(60)
    ended.set()
    loser.join()
    exactly_once(rig, 60)
    assert len(sink.arrivals) == 60


def test_redis_may_be_killed_under_load(own_rig, own_valkey, spawn):
    sink = own_rig.sink()
    own_rig.publish(crm=f"{sink.url}, concurrency: 16")
    spawn(own_rig.url)
    waves = [own_rig.offers("crm", 100) for _ in range(3)]
    for wave in waves:
        until(lambda wave=wave: offered(own_rig, wave))
        until(lambda: len(sink.arrivals) % 100 > 5 or len(sink.arrivals) >= 300)
        own_valkey.kill()
        threading.Event().wait(0.2)
        own_valkey.start()
    own_rig.settled(300)
    exactly_once(own_rig, 300)
    assert len(sink.arrivals) == len(set(sink.ids)) == 300


def offered(rig, offers) -> bool:
    try:
        rig.ledger.offer(offers)
    except LedgerUnavailable:
        return False
    return True


def test_redis_may_lose_everything_under_load(rig, spawn):
    """With a stand-in for the bookkeeper that offers what is open again when the epoch changed."""
    sink = rig.sink()
    rig.publish(crm=f"{sink.url}, concurrency: 16")
    spawn(rig.url)
    offers = rig.offers("crm", 300)
    rig.ledger.offer(offers)
    until(lambda: len(sink.arrivals) > 50)
    before = len(sink.arrivals)
    rig.book()
    rig.client().flushall()
    unbooked = len(sink.arrivals) - before
    rig.publish(crm=f"{sink.url}, concurrency: 16")

    def open_again():
        over = {result.delivery for result in rig.book() if result.outcome in TERMINAL}
        return [offer for offer in offers if offer.delivery.id not in over]

    while left := open_again():
        rig.ledger.offer(left)
        threading.Event().wait(0.02)
    finals = Counter(result.delivery for result in rig.booked if result.outcome in TERMINAL)
    assert set(finals) == {offer.delivery.id for offer in offers}
    # A call of before the loss may end after its delivery is booked: two calls were made, each told once.
    calls = Counter(sink.ids)
    assert all(finals[offer.delivery.id] <= calls[offer.delivery.message] for offer in offers)
    assert set(sink.ids) == {offer.delivery.message for offer in offers}
    assert len(sink.arrivals) <= 300 + 64 + unbooked  # twice only what was under way or not booked


@pytest.mark.slow
def test_a_stopped_worker_that_wakes_up_finds_its_lease_gone(rig, spawn):
    """SIGSTOP for longer than the lease: another one takes over, and nothing ends twice."""
    sink = rig.sink()
    rig.publish(crm=sink.url)
    sleeper = spawn(rig.url)
    sink.gate.clear()
    rig.offer("crm", 4)
    until(lambda: len(sink.arrivals) == 4)
    os.kill(sleeper.pid, signal.SIGSTOP)
    spawn(rig.url)
    until(lambda: len(sink.arrivals) == 8)
    sink.gate.set()
    os.kill(sleeper.pid, signal.SIGCONT)
    seen = []

    def all_there():
        seen.extend(result.outcome for _, result in rig.ledger.results("nod_1", block_ms=0))
        return len(seen) == 12

    until(all_there)
    assert seen[:4] == ["lost"] * 4  # the lease ended
    assert (
        sorted(seen[4:]) == ["lost"] * 4 + ["success"] * 4
    )  # what the sleeper saw is kept, and ends nothing
    assert len(sink.arrivals) == 8


@pytest.mark.slow
def test_an_idle_worker_costs_next_to_nothing(rig, spawn):
    rig.publish(crm="http://127.0.0.1:9/")
    process = psutil.Process(spawn(rig.url).pid)
    until(lambda: registered(rig))
    threading.Event().wait(0.5)
    before = process.cpu_times()
    threading.Event().wait(2)
    after = process.cpu_times()
    assert after.user + after.system - before.user - before.system < 0.03 * 2


class Book:
    """A stand-in for the bookkeeper: offers what is open, books results, ends each delivery once."""

    def __init__(self, rig, offers) -> None:
        self.rig = rig
        self.open = {offer.delivery.id: offer for offer in offers}
        self.unverified = set(self.open)
        self.ends: dict[str, int] = dict.fromkeys(self.open, 0)
        self.epoch = ""
        self.refused: set[str] = set()

    def turn(self) -> None:
        ledger = self.rig.ledger
        if ledger.epoch() != self.epoch:
            self.epoch = ledger.epoch()
            self.unverified = set(self.open)
            self.rig.ensure_published()
        found = ledger.results("nod_1", block_ms=0)
        for _, result in found:
            if result.outcome in TERMINAL and self.open.pop(result.delivery, None):
                self.ends[result.delivery] += 1
        if found:
            ledger.acknowledge("nod_1", found[-1][0], [result.delivery for _, result in found])
        self.unverified |= self.refused
        self.unverified &= set(self.open)
        batch = [self.open[name] for name in sorted(self.unverified)[:200]]
        if batch:
            offered = ledger.offer(batch)
            self.unverified -= {offer.delivery.id for offer in batch}
            self.refused = set(offered.refused)
            if offered.epoch != self.epoch:
                self.epoch = ""


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_mix_of_faults_loses_nothing_and_ends_nothing_twice(own_rig, own_valkey, spawn, seed):
    """Workers and Redis are killed and Redis is emptied at random while 2,000 deliveries go out."""
    dice = random.Random(seed)
    sink = own_rig.sink(delay=0.2)
    webhook = f"{sink.url}, concurrency: 8"
    hooks = {f"w{n}": webhook for n in range(10)}
    own_rig.ensure_published = lambda: own_rig.publish(**hooks)
    offers = [offer for name in hooks for offer in own_rig.offers(name, 200)]
    dice.shuffle(offers)
    book = Book(own_rig, offers)
    workers = [spawn(own_rig.url, lease=2.5) for _ in range(2)]
    faults = ["worker"] * 3 + ["redis"] * 2 + ["flush"] * 2
    dice.shuffle(faults)
    strike = time.monotonic() + 0.5
    deadline = time.monotonic() + 90
    while book.open or faults:
        assert time.monotonic() < deadline, f"{len(book.open)} still open"
        if faults and time.monotonic() > strike:
            strike = time.monotonic() + dice.uniform(0.3, 1.0)
            match faults.pop():
                case "worker":
                    which = dice.randrange(2)
                    workers[which].kill()
                    workers[which] = spawn(own_rig.url, lease=2.5)
                case "redis":
                    own_valkey.kill()
                    own_valkey.start()
                case _:
                    own_valkey.flush()
        try:
            book.turn()
        except LedgerUnavailable:
            threading.Event().wait(0.02)
    assert set(book.ends.values()) == {1}
    assert set(sink.ids) == {offer.delivery.message for offer in offers}
    assert len(sink.arrivals) <= 2000 + 7 * 2 * 64
    until(lambda: own_rig.ledger.depth().total == 0 or book.turn())
