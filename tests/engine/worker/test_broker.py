"""The broker on a real server: bells never pile up, reach who is idle, and outlive every outage."""

from __future__ import annotations

import threading
import time

import dramatiq
import pytest
import redis

from hookwright.engine.errors import LedgerUnavailable
from hookwright.engine.ledger.broker import DELIVER, Broker
from hookwright.engine.worker.actors import declare_deliver

WAIT = 0.2  # seconds
QUEUE = "{hw:0}:dramatiq:deliver"


def until(condition, seconds: float = 15.0):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come about in time"
        threading.Event().wait(0.005)
    return found


class Probe:
    """A pump whose state the test sets; it counts its runs and wake-ups."""

    def __init__(self) -> None:
        self.runs: list[float] = []
        self.woken = 0
        self.running = False
        self.free = threading.Event()
        self.free.set()
        self.hold = threading.Event()
        self.hold.set()

    def run(self) -> None:
        self.runs.append(time.monotonic())
        self.running = True
        self.hold.wait(10)
        self.running = False

    def wants_bell(self, timeout: float) -> bool:
        return self.free.wait(timeout)

    def wake(self) -> bool:
        self.woken += self.running
        return self.running


@pytest.fixture
def host():
    """Starts a Dramatiq worker on a broker of its own, with a probe as its pump."""
    started = []

    def start(url: str, **how):
        probe = Probe()
        broker = Broker(url, pumps={DELIVER: probe}, bell_wait=WAIT, **how)
        declare_deliver(broker, probe)
        worker = dramatiq.Worker(broker, worker_threads=1, worker_timeout=50)
        worker.start()
        started.append((worker, probe, broker))
        return broker, probe

    yield start
    for worker, probe, broker in started:
        probe.hold.set()
        probe.free.set()
        worker.stop()
        broker.close()


@pytest.fixture
def client(valkey):
    with redis.Redis.from_url(valkey) as client:
        yield client


def test_bells_do_not_pile_up(valkey, client):
    broker = Broker(valkey)
    assert [broker.ring() for _ in range(5)] == [True, False, False, False, False]
    assert client.llen(QUEUE) == client.hlen(QUEUE + ".msgs") == 1
    broker.close()


def test_a_bell_starts_the_pump_at_once(valkey, host):
    broker, probe = host(valkey)
    late = []
    for count in range(1, 11):
        before = time.monotonic()
        broker.ring()
        until(lambda count=count: len(probe.runs) == count)
        late.append(probe.runs[-1] - before)
    assert min(late) < 0.15  # far less than a wait: the bell was heard


def test_a_message_without_a_bell_is_found(valkey, host, client):
    broker, probe = host(valkey)
    broker.ring()
    until(lambda: probe.runs)
    client.delete("{hw:0}:dramatiq:bell:deliver")
    broker.ring()
    client.delete("{hw:0}:dramatiq:bell:deliver")
    until(lambda: len(probe.runs) == 2, 3)


def test_a_running_pump_is_woken_and_the_message_is_gone(valkey, host, client):
    broker, probe = host(valkey)
    probe.hold.clear()
    broker.ring()
    until(lambda: probe.running)
    broker.ring()
    until(lambda: probe.woken == 1)
    until(lambda: client.hlen(QUEUE + ".msgs") == 1)  # only the one that runs
    probe.hold.set()
    until(lambda: client.hlen(QUEUE + ".msgs") == 0)
    assert len(probe.runs) == 1


def test_a_busy_process_leaves_the_bell_to_an_idle_one(valkey, host):
    broker, busy = host(valkey)
    busy.free.clear()
    busy.running = True
    _, idle = host(valkey)
    for count in range(1, 4):
        broker.ring()
        until(lambda count=count: len(idle.runs) == count)
    assert (busy.runs, busy.woken) == ([], 0)


def test_a_bell_waits_while_all_are_busy(valkey, host, client):
    broker, probe = host(valkey)
    probe.free.clear()
    broker.ring()
    threading.Event().wait(WAIT * 2)
    assert (probe.runs, client.llen(QUEUE)) == ([], 1)
    probe.free.set()
    until(lambda: probe.runs)


def test_the_broker_has_no_middleware_and_no_delay_queue(valkey, host):
    broker, _ = host(valkey)
    assert [type(each).__name__ for each in broker.middleware] == ["_WorkerMiddleware"]
    assert broker.get_declared_queues() == {DELIVER}
    assert broker.delay_queues == set()


def test_a_message_that_cannot_be_read_stops_nobody(valkey, host, client):
    broker, probe = host(valkey)
    client.hset(QUEUE + ".msgs", "x", b"\xff{")
    client.rpush(QUEUE, "x", "gone")
    until(lambda: client.llen(QUEUE) == 0, 10)
    broker.ring()
    until(lambda: probe.runs)


def test_the_consumer_outlives_the_death_of_redis(own_valkey, host):
    broker, probe = host(own_valkey.url)
    own_valkey.kill()
    with pytest.raises(LedgerUnavailable):
        broker.ring()
    own_valkey.start()
    broker.ring()
    until(lambda: probe.runs, 5)


@pytest.mark.fault(15)
def test_the_consumer_outlives_a_redis_that_does_not_answer(own_valkey, host):
    broker, probe = host(own_valkey.url, timeout=0.5)
    own_valkey.pause()
    with pytest.raises(LedgerUnavailable):
        broker.ring()
    own_valkey.resume()
    broker.ring()
    until(lambda: probe.runs, 5)


def test_an_acknowledgement_that_fails_holds_up_nothing(own_valkey, host):
    broker, probe = host(own_valkey.url)
    probe.hold.clear()
    broker.ring()
    until(lambda: probe.running)
    own_valkey.kill()
    probe.hold.set()
    until(lambda: not probe.running)
    own_valkey.start()
    broker.ring()
    until(lambda: len(probe.runs) == 2, 5)


def test_other_actors_work_through_the_same_broker(valkey):
    broker = Broker(valkey, bell_wait=WAIT)
    done = threading.Event()

    def note(text: str) -> None:
        if text == "hello":
            done.set()

    actor = dramatiq.actor(broker=broker, queue_name="notes")(note)
    worker = dramatiq.Worker(broker, worker_threads=1, worker_timeout=50)
    worker.start()
    actor.send("hello")
    assert done.wait(5)
    worker.stop()
    broker.close()


@pytest.mark.fault(11)
def test_a_bell_is_heard_by_workers_of_a_server_without_memory(own_valkey, host):
    broker, probe = host(own_valkey.url)
    with own_valkey.client() as client:
        client.config_set("maxmemory", 1)
    broker.ring()
    until(lambda: probe.runs)
