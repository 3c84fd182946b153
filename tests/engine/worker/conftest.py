"""A rig of real parts: a server, a published bundle, deliveries on offer, receivers on loopback, results."""

from __future__ import annotations

import hashlib
import itertools
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
import redis

from hookwright.engine.call.guard import Allowed, Policy, judge
from hookwright.engine.call.resolve import Resolver
from hookwright.engine.call.transport import Call, Reply, select
from hookwright.engine.delivery import Delivery, Result
from hookwright.engine.identifiers import delivery_id, message_id, notice_message_id
from hookwright.engine.ledger.ledger import Ledger, Offer
from hookwright.engine.worker.drain import Drain
from hookwright.engine.worker.published import loader
from hookwright.interfaces.receiver import Arrival, Receiver, Script
from hookwright.plugins.hookspecs import Notice
from hookwright.plugins.loader import load_plugins
from hookwright.rules.build import build
from hookwright.rules.compile import compile_table
from hookwright.rules.load import load

NODE = "nod_1"
NOTICE = msgspec.json.encode(
    Notice("msg_1", "failure", "A delivery of webhook crm failed", "It did.", "webhook", "crm", 1, (), 0)
)
LOOPBACK = Policy(allow=(Allowed.parse("127.0.0.0/8"),))


def until(condition: Callable[[], object], seconds: float = 15.0) -> object:
    """The first true answer of `condition`."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"it did not come about within {seconds} s"
        threading.Event().wait(0.01)
    return found


class Sink:
    """A receiver that remembers. A clear `gate` holds its answers back; `most` is how many ever waited."""

    def __init__(self, *answers: int, delay: float = 0.0, headers: Sequence[tuple[str, str]] = ()) -> None:
        self.arrivals: list[Arrival] = []
        self.gate = threading.Event()
        self.gate.set()
        self.now = self.most = 0
        self._lock = threading.Lock()
        self.receiver = Receiver(
            script=Script(answers or (200,)), delay=delay, on_arrival=self._take, headers=headers
        )
        self.receiver.start()

    def _take(self, arrival: Arrival) -> None:
        with self._lock:
            self.arrivals.append(replace(arrival, at=time.monotonic()))
            self.now += 1
            self.most = max(self.most, self.now)
        self.gate.wait(30)
        with self._lock:
            self.now -= 1

    @property
    def url(self) -> str:
        return self.receiver.url

    @property
    def ids(self) -> list[str]:
        return [arrival.header("webhook-id") or "" for arrival in self.arrivals]

    def stop(self) -> None:
        self.gate.set()
        self.receiver.stop()


class Rig:
    """Everything around the part under test."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.ledger = Ledger(url)
        self.plugins = load_plugins()
        self._folder = folder
        self._numbers = itertools.count()
        self._closing: list[Callable[[], None]] = [self.ledger.close]
        self.booked: list[Result] = []
        self.bundle = ""  # YAML that stands in every published bundle, beside the webhooks
        self.lapps: dict[str, str] = {}  # further webhooks: id = what stands in the place of a URL

    def client(self) -> redis.Redis:
        client = redis.Redis.from_url(self.url)
        self._closing.append(client.close)
        return client

    def sink(self, *answers: int, **how: Any) -> Sink:
        sink = Sink(*answers, **how)
        self._closing.insert(0, sink.stop)
        return sink

    def publish(self, **webhooks: str) -> str:
        """Publish a bundle of webhooks: id = the URL and further lines, comma separated, in flow style."""
        written = {**self.lapps, **{id_: f"url: {rest}" for id_, rest in webhooks.items()}}
        lines = [f"  - {{id: {id_}, event: Lead_Post_Create, {rest}}}" for id_, rest in written.items()]
        file = self._folder / f"b{next(self._numbers)}.yaml"
        file.write_text(f"version: 1\nbundle: rig\n{self.bundle}webhooks:\n" + "\n".join(lines) + "\n")
        loaded = load(file)
        assert loaded.source is not None, [str(problem) for problem in loaded.problems]
        table = compile_table(build(loaded.source))
        self.ledger.publish(table.revision, loaded.source.to_json(), table.endpoints)
        return table.revision

    def offers(self, webhook: str, count: int = 1, *, wait: int = 0, size: int = 20) -> list[Offer]:
        """Fresh deliveries to `webhook`."""
        return [self._fresh(webhook, next(self._numbers), wait, size) for _ in range(count)]

    def offer(self, webhook: str, count: int = 1, *, wait: int = 0, size: int = 20) -> list[Offer]:
        offers = self.offers(webhook, count, wait=wait, size=size)
        self.ledger.offer(offers)
        return offers

    def _fresh(self, webhook: str, number: int, wait: int, size: int) -> Offer:
        body = b'{"n":%d,"x":"%s"}' % (number, b"a" * size)
        message = message_id("/rig", f"evt_{number}", "webhook", webhook, "")
        delivery = Delivery(
            id=delivery_id(message),
            message=message,
            entity_type="webhook",
            entity_id=webhook,
            action="",
            event_id=f"evt_{number}",
            event_source="/rig",
            event_type="Lead_Post_Create",
            node=NODE,
            due=int(time.time() * 1000),
            body=hashlib.sha256(body).hexdigest(),
        )
        return Offer(delivery, body, wait=wait)

    def notice(self, notifier: str, body: bytes = NOTICE) -> Offer:
        """A notice for `notifier` on offer."""
        number = next(self._numbers)
        message = notice_message_id("webhook", "crm", notifier, "failure", str(number))
        delivery = Delivery(
            id=delivery_id(message),
            message=message,
            entity_type="webhook",
            entity_id="crm",
            action=f"notify/{notifier}",
            event_id="evt_1",
            event_source="/rig",
            event_type="Lead_Post_Create",
            node=NODE,
            due=int(time.time() * 1000),
            body=hashlib.sha256(body).hexdigest(),
            notifier=notifier,
        )
        offer = Offer(delivery, body)
        self.ledger.offer([offer])
        return offer

    def book(self) -> list[Result]:
        """Take and acknowledge what has come; everything booked so far."""
        found = self.ledger.results(NODE, block_ms=0)
        if found:
            self.ledger.acknowledge(NODE, found[-1][0], [result.delivery for _, result in found])
        self.booked += [result for _, result in found]
        return self.booked

    def settled(self, count: int, seconds: float = 15.0) -> dict[str, list[str]]:
        """Wait until `count` deliveries have ended; the outcomes of each, in order."""

        def ended() -> bool:
            final = [r for r in self.book() if r.outcome in ("success", "failure", "cancelled", "skipped")]
            return len({result.delivery for result in final}) >= count

        until(ended, seconds)
        outcomes = defaultdict(list)
        for result in self.booked:
            outcomes[result.delivery].append(result.outcome)
        return dict(outcomes)

    def drain(self, **how: object) -> Drain:
        """A drain of the real parts; `ledger`, `resolver`, `transport` and `load` may be given."""
        ledger = how.pop("ledger", None) or Ledger(self.url, worker=f"w{next(self._numbers)}")
        resolver = how.pop("resolver", None) or Resolver(LOOPBACK)
        transport = how.pop("transport", None) or select("auto", lambda *at: judge(*at, LOOPBACK))
        load_revision = how.pop("load", None) or loader(self.plugins)
        self._closing += [transport.close, resolver.close, ledger.close]
        return Drain(ledger, load_revision, resolver, transport, **how)

    def close(self) -> None:
        for close in self._closing:
            close()


class Running:
    """A drain in a thread of its own, as Dramatiq runs it."""

    def __init__(self, drain: Drain) -> None:
        self.drain = drain
        self.thread = threading.Thread(target=drain.run)
        self.thread.start()

    def ended(self, seconds: float = 15.0) -> bool:
        self.thread.join(seconds)
        return not self.thread.is_alive()


class CountingTransport:
    """The real transport, with the calls handed to it counted."""

    def __init__(self) -> None:
        self._real = select("auto", lambda *at: judge(*at, LOOPBACK))
        self.calls: list[Call] = []

    def submit(self, call: Call, done: Callable[[Reply], None]) -> None:
        self.calls.append(call)
        self._real.submit(call, done)

    def attend(self, seconds: float, fd: int = -1) -> bool:
        return self._real.attend(seconds, fd)

    def wake(self) -> None:
        self._real.wake()

    def close(self) -> None:
        self._real.close()


@pytest.fixture
def rig(valkey: str, tmp_path: Path) -> Iterator[Rig]:
    """A rig on the shared server."""
    rig = Rig(valkey, tmp_path)
    yield rig
    rig.close()


@pytest.fixture
def own_rig(own_valkey, tmp_path: Path) -> Iterator[Rig]:
    """A rig on a server that may be killed (`own_valkey`)."""
    rig = Rig(own_valkey.url, tmp_path)
    yield rig
    rig.close()


@pytest.fixture
def run() -> Iterator[Callable[[Drain], Running]]:
    """Runs drains in threads; stopped at the end."""
    started: list[Running] = []

    def start(drain: Drain) -> Running:
        started.append(Running(drain))
        return started[-1]

    yield start
    for running in started:
        running.drain.stop()
        assert running.ended(30)


@pytest.fixture
def counting() -> CountingTransport:
    return CountingTransport()
