"""A node's journal to accept events into, and a ledger in memory that keeps the contract of the real one."""

from __future__ import annotations

import copy
import hashlib
import json
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from hookwright.engine.delivery import BatchPlan, Delivery, Received, Result, Sent
from hookwright.engine.errors import LedgerUnavailable
from hookwright.engine.identifiers import delivery_id, message_id
from hookwright.engine.journal.acceptance import accepted_entries
from hookwright.engine.journal.content import open_content
from hookwright.engine.journal.runs import PlannedRun
from hookwright.engine.journal.segment import list_segments
from hookwright.engine.journal.switch import Switch, Switches, switch_entry
from hookwright.engine.journal.writer import Writer
from hookwright.engine.ledger.work import Expired, Ground, Holding, Offer, Offered
from hookwright.rules.event import Event

from .token_server import TokenServer

NODE = "nod_test"
REVISION = "sha256:" + "5" * 64
NOW = 1_795_435_200_000  # 2026-11-23T12:00:00Z


def deliveries_for(event: Event, subscribers: Sequence[str], due: int, body: bytes) -> list[Delivery]:
    found = []
    for name in subscribers:
        message = message_id(event.source, event.id, "webhook", name, "")
        found.append(
            Delivery(
                id=delivery_id(message),
                message=message,
                entity_type="webhook",
                entity_id=name,
                action="",
                event_id=event.id,
                event_source=event.source,
                event_type=event.type,
                node=NODE,
                due=due,
                body=hashlib.sha256(body).hexdigest(),
                place="hooks/crm.yaml:14",
            )
        )
    return found


class Node:
    """One state folder and intake's writer in it."""

    def __init__(self, state: Path, **options: Any) -> None:
        state.mkdir(mode=0o700, exist_ok=True)
        self.state = state
        self.history = state / "history"
        self.now = NOW
        self.intake = Writer(self.history, "intake", clock=self.clock, **options)

    def clock(self) -> float:
        return self.now / 1000

    def accept(
        self,
        event_id: str,
        *subscribers: str,
        raw: bytes = b'{"a":1}',
        body: bytes | None = None,
        delay: int = 0,
        event_type: str = "Lead_Post_Create",
        batch: BatchPlan | None = None,
        runs: tuple[PlannedRun, ...] = (),
    ) -> list[Delivery]:
        """Journal an event for these subscribers (one named "plain" unless told)."""
        event = Event(id=event_id, source="/src", type=event_type, data=None, raw=raw)
        sent = raw if body is None else body
        found = deliveries_for(event, subscribers or ("plain",), self.now + delay, sent)
        found = [structs.replace(each, batch=batch) for each in found]
        bodies = {hashlib.sha256(sent).hexdigest(): sent}
        fingerprint = hashlib.sha256(raw).hexdigest()
        lines = accepted_entries(event, REVISION, found, bodies, fingerprint, runs=runs)
        self.intake.append_many(lines).result(10)
        return found

    def switch(self, name: str, state: str, at: int, change: str | None = None) -> Switch:
        """Journal what a person did, as the API does."""
        switch = Switch(name=name, state=state, reason="by hand", by="ada", at=at)
        self.intake.append_many([switch_entry(switch, change or state)]).result(10)
        return switch

    def lines(self, *kinds: str) -> list[dict[str, Any]]:
        found = [
            json.loads(line)
            for segment in list_segments(self.history)
            for line in self._content(segment.name).split(b"\n")[:-1]
        ]
        return [line for line in found if not kinds or line["kind"] in kinds]

    def _content(self, name: str) -> bytes:
        with closing(open_content(self.history, name)) as content:
            return content.read(content.size, 0)

    def settled(self) -> dict[str, str]:
        """Delivery -> status; asserts that each has one terminal line at most."""
        found = [(line["delivery"], line["status"]) for line in self.lines("settled")]
        assert len(found) == len(dict(found)), "a delivery was settled twice"
        return dict(found)


def result(
    delivery: Delivery, attempt: int = 1, outcome: str = "success", status: int = 200, **fields: Any
) -> Result:
    """What a worker settles with."""
    answered = outcome not in {"lost", "held", "cancelled"}
    defaults: dict[str, Any] = {
        "delivery": delivery.id,
        "node": delivery.node,
        "attempt": attempt,
        "outcome": outcome,
        "at": NOW + 500,
        "worker": "wrk_1",
        "revision": REVISION,
        "request": Sent(method="POST", url="https://example.com/hook?a=b", headers=(("X-Team", "growth"),))
        if answered
        else None,
        "response": Received(status=status, headers=(("Date", "today"),), body="fine") if answered else None,
        "error": None if outcome == "success" else "status" if answered else None,
        "next": NOW + 10_000 if outcome in {"retry", "held"} else None,
    }
    return Result(**(defaults | fields))


class Server:
    """The ledger's data, and a worker's view of it. `flush` loses it all, as `FLUSHALL` does."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.arrived = threading.Condition(self.lock)
        self.down = False
        self.sequence = 0
        self.halted = False
        self.flush()

    def flush(self) -> None:
        with self.lock:
            self.epoch = secrets.token_hex(4)
            self.offers: dict[str, Offer] = {}
            self.tombstones: set[str] = set()
            self.stream: list[tuple[int, Result | Switch]] = []
            self.switches = Switches()
            self.name = secrets.token_hex(4)
            self.vouched: str | None = None
            self.mark = 0

    def copy(self) -> dict[str, Any]:
        """What a copy of its file holds, for `bring_back`."""
        with self.lock:
            kept = {key: copy.copy(getattr(self, key)) for key in ("offers", "tombstones", "stream")}
            return kept | {"vouched": self.vouched, "mark": self.mark}

    def bring_back(self, kept: dict[str, Any]) -> None:
        """It starts again, from that copy."""
        with self.lock:
            vars(self).update({key: copy.copy(value) for key, value in kept.items()})
            self.name = secrets.token_hex(4)

    def settle(self, settled: Result) -> None:
        """A worker's settle; one of a delivery that was lost is put on the stream whole, with a tombstone."""
        with self.lock:
            terminal = settled.outcome not in {"retry", "held", "lost"}
            known = settled.delivery in self.offers
            if settled.outcome != "lost" and (terminal or not known):
                self.tombstones.add(settled.delivery)
                self.offers.pop(settled.delivery, None)
            if settled.outcome == "retry" and known:
                old = self.offers[settled.delivery]
                self.offers[settled.delivery] = Offer(old.delivery, old.body, settled.attempt, 0)
            self.sequence += 1
            self.stream.append((self.sequence, settled))
            self.arrived.notify_all()

    def switch_off(self, switch: Switch) -> None:
        """What the last of too many failures does."""
        with self.lock:
            self.switches.take(switch)
            self.sequence += 1
            self.stream.append((self.sequence, switch))
            self.arrived.notify_all()


class MemoryLedger:
    """One bookkeeper's client of a `Server`."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.seen = 0
        self.mark = 0
        self.offered: list[str] = []
        self.acknowledged: list[str] = []

    def _reach(self) -> None:
        if self.server.down:
            raise LedgerUnavailable("Connection refused")

    def offer(self, offers: Sequence[Offer]) -> Offered:
        with self.server.lock:
            self._reach()
            refused = [each for each in offers if each.delivery.id in self.server.tombstones]
            new = [
                each
                for each in offers
                if each.delivery.id not in self.server.tombstones | self.server.offers.keys()
            ]
            self.server.offers.update({each.delivery.id: each for each in new})
            self.offered.extend(each.delivery.id for each in offers)
            return Offered(self.server.epoch, len(new), tuple(each.delivery.id for each in refused))

    def results(self, node: str, *, block_ms: int, count: int) -> list[tuple[str, Result | Switch]]:
        assert node == NODE
        with self.server.lock:
            self._reach()
            if not self._unseen():
                self.server.arrived.wait(block_ms / 1000)
            self._reach()
            found = self._unseen()[:count]
            if found:
                self.seen = found[-1][0]
            return [(f"{sequence}-0", each) for sequence, each in found]

    def _unseen(self) -> list[tuple[int, Result | Switch]]:
        return [(sequence, each) for sequence, each in self.server.stream if sequence > self.seen]

    def acknowledge(self, node: str, upto: str, deliveries: Sequence[str]) -> None:
        with self.server.lock:
            self._reach()
            last = int(upto.partition("-")[0])
            self.server.stream = [pair for pair in self.server.stream if pair[0] > last]
            self.server.tombstones.difference_update(deliveries)
            self.acknowledged.extend(deliveries)

    def switch(self, switches: Sequence[Switch]) -> int:
        with self.server.lock:
            self._reach()
            return sum(self.server.switches.take(each) for each in switches)

    def switches(self, endpoints: Sequence[str] = ()) -> tuple[tuple[Switch, ...], tuple[int, ...]]:
        with self.server.lock:
            self._reach()
            return self.server.switches.all(), tuple(0 for _ in endpoints)

    def expire(self, node: str, expired: Sequence[Expired]) -> int:
        assert node == NODE
        with self.server.lock:
            self._reach()
            ending = [
                each.result
                for each in expired
                if self.server.switches.holding(each.endpoint)
                and each.result.delivery not in self.server.tombstones
            ]
            for each in ending:
                self.server.settle(each)
            return len(ending)

    @property
    def expunging(self) -> MemoryLedger:
        return self

    def cancel(self, node: str, results: Sequence[Result]) -> int:
        assert node == NODE
        with self.server.lock:
            self._reach()
            ending = [each for each in results if each.delivery not in self.server.tombstones]
            for each in ending:
                self.server.settle(each)
            return len(ending)

    def compact(self) -> None:
        with self.server.lock:
            self._reach()

    @property
    def grounds(self) -> MemoryLedger:
        return self

    def look(self, node: str) -> Ground:
        with self.server.lock:
            self._reach()
            self.server.mark += 1
            kept = self.server.vouched in {None, self.server.name} and self.server.mark > self.mark
            self.mark = self.server.mark
            if not kept:
                self.seen = 0
            return Ground(self.server.epoch, self.server.name, kept, awaited=False)

    def vouch(self, node: str, server: str) -> None:
        with self.server.lock:
            self._reach()
            self.server.vouched = server

    def holding(self, node: str) -> list[Holding]:
        with self.server.lock:
            self._reach()
            return [Holding(each, offer.attempts, None) for each, offer in self.server.offers.items()]

    def empty(self) -> None:
        raise AssertionError("nothing is ever evicted here")

    def drop(self, node: str, deliveries: Sequence[str]) -> None:
        with self.server.lock:
            self._reach()
            for each in deliveries:
                self.server.offers.pop(each, None)

    def halt(self, node: str, on: bool) -> None:
        with self.server.lock:
            self._reach()
            self.server.halted = on


def until(condition: Callable[[], Any], seconds: float = 10.0) -> Any:
    """Wait for a condition to hold; its value."""
    clock = threading.Event()
    for _ in range(int(seconds / 0.01)):
        found = condition()
        if found:
            return found
        clock.wait(0.01)
    pytest.fail("waited in vain")


class Kit:
    """What the tests of this folder share, since they cannot import from here."""

    NODE = NODE
    NOW = NOW
    REVISION = REVISION
    Node = Node
    Offer = Offer
    Switch = Switch
    Server = Server
    MemoryLedger = MemoryLedger
    result = staticmethod(result)
    until = staticmethod(until)
    deliveries_for = staticmethod(deliveries_for)


@pytest.fixture(scope="session")
def kit() -> type[Kit]:
    return Kit


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    made = Node(tmp_path / "state")
    yield made
    made.intake.close()


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def ledger(server: Server) -> MemoryLedger:
    return MemoryLedger(server)


@pytest.fixture
def token_server():
    """A real token server on loopback."""
    made = TokenServer()
    yield made
    made.stop()
