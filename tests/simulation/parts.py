"""What runs in the simulated world: a door, a bookkeeper, workers, receivers. Each can die at any moment."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import structs

from hookwright.engine.book.book import Book
from hookwright.engine.book.booking import Booking
from hookwright.engine.call.transport import Reply
from hookwright.engine.delivery import BatchPlan, Delivery, OrderPlan, Result
from hookwright.engine.errors import JournalError, LedgerUnavailable
from hookwright.engine.identifiers import delivery_id, message_id
from hookwright.engine.intake.turns import Turns
from hookwright.engine.journal.acceptance import accepted_entries
from hookwright.engine.journal.repair import repair
from hookwright.engine.journal.writer import Writer
from hookwright.engine.ledger.policy import Policy
from hookwright.engine.ledger.work import Claim, Offer, Rest, Settle
from hookwright.engine.worker.refusal import taken_apart
from hookwright.engine.worker.retry import decide
from hookwright.rules.event import Event
from hookwright.rules.model import RetryPolicy

if TYPE_CHECKING:
    from tests.simulation.world import World

NODE = "nod_simulated"
REVISION = "sha256:" + "5" * 64
CAPS = {"webhook/one": 1, "webhook/many": 4, "webhook/batched": 2, "webhook/ordered": 4}
POLICIES = {
    "webhook/one": Policy(breaker=(2, 300, 2000)),
    "webhook/many": Policy(retry_after=True, rate=(100, 1000, 10, "100/s")),
}
BATCHED, ORDERED = "batched", "ordered"
WINDOW = 700  # ms
TOO_MANY = 3  # events in a list
POISON = 5  # the number of an event that is never taken in a list
POLICY = RetryPolicy((200, 400, 400, 800, 800, 1600, 1600, 1600, 1600, 1600, 1600, 1600), retry_after=True)
SUCCESS = frozenset({200})
BATCH = BatchPlan(
    window=WINDOW,
    max_events=5,
    max_bytes=10_000,
    encoder="json",
    content_type="application/json",
    split=True,
)


class Crashed(BaseException):
    """The process ended here."""


class Door:
    """Accepts events: journalled, then acknowledged, then offered."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.writer = Writer(world.history, "intake", clock=world.clock, fsync=world.disk.fsync)
        self.alive = True
        self.ledger = world.ledger()
        self.turns = Turns()

    def accept(self, number: int) -> None:
        """A client sends event `number`, and again until it is acknowledged."""
        world = self.world
        if number in world.acknowledged:
            return
        planned, event, raw = world.event(number)
        planned = [self.turns.take(each) for each in planned]
        bodies = {hashlib.sha256(raw).hexdigest(): raw}
        try:
            entries = accepted_entries(event, REVISION, planned, bodies, hashlib.sha256(raw).hexdigest())
            self.writer.append_many(entries).result()
        except JournalError:
            world.end_of_power()
            world.after(300, lambda: world.door.accept(number))
            return
        if world.chance(0.1):  # killed between the fsync and the 202
            world.kill_door()
            world.after(300, lambda: world.door.accept(number))
            return
        world.acknowledged[number] = [each.id for each in planned]
        if world.chance(0.8):
            world.work_after(world.rng.randint(0, 40), lambda: self.offer(planned, raw))

    def offer(self, planned: list[Delivery], raw: bytes) -> None:
        if not self.alive:
            return
        try:
            self.ledger.offer(
                [Offer(each, raw) for each in planned if each.batch is None and each.order is None]
            )
        except LedgerUnavailable:
            self.world.counts["offered in vain"] += 1

    def die(self) -> None:
        self.alive = False
        self.writer.close()


class Keeper:
    """The bookkeeper's own code, turned by the world's clock and killed at its checkpoints."""

    def __init__(self, world: World) -> None:
        self.world = world
        repaired = repair(world.history, fsync=world.disk.fsync)
        world.counts["torn tails"] += len(repaired)
        self.book = Book(world.state, NODE, world.seconds)
        self.writer = Writer(world.history, "book", clock=world.clock, fsync=world.disk.fsync, cut=True)
        self.ledger = world.ledger(before=world.meanwhile)
        self.crash_at = ""
        self.booking = Booking(
            self.book,
            self.writer,
            self.ledger,
            NODE,
            encoders=world.encoders,
            clock=world.clock,
            monotonic=world.seconds,
            checkpoint=self.checkpoint,
        )

    def checkpoint(self, name: str) -> None:
        if name == self.crash_at:
            raise Crashed

    def turn(self) -> None:
        try:
            if self.ledger.live() is None:  # as the node does that finds nothing published
                self.world.publish()
            self.book.follow()
            self.booking.turn(0)
        except (LedgerUnavailable, JournalError):
            self.world.counts["turns in vain"] += 1
            self.world.end_of_power()
        except Crashed:
            self.world.counts[f"killed at {self.crash_at}"] += 1
            self.world.restart_keeper()

    def die(self) -> None:
        self.writer.close()
        self.book.close()


class Worker:
    """Claims, calls and settles, as far as the guarantees need it. Its decisions are the engine's."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.alive = True
        self.stalled_until = 0
        self.ledger = world.ledger(name)
        self.in_flight = 0
        self.settles: list[Settle] = []
        self.hand_back: list[str] = []
        self.unanswered: tuple[tuple[Settle, ...], tuple[str, ...], int] | None = None

    def tick(self) -> None:
        world = self.world
        if not self.alive:
            return
        if self.stalled_until > world.now:
            world.work_after(self.stalled_until - world.now, self.tick)
            return
        if self.unanswered is None:
            self.unanswered = (tuple(self.settles), tuple(self.hand_back), 8 - self.in_flight)
            self.settles, self.hand_back = [], []
        settles, hand_back, claim = self.unanswered
        try:
            tick = self.ledger.step(settles=settles, hand_back=hand_back, claim=claim)
        except LedgerUnavailable:
            world.work_after(200, self.tick)
            return
        self.unanswered = None
        if world.chance(0.02):  # killed after the ledger gave its claims
            world.kill_worker(self)
            return
        for each in tick.claims:
            self.in_flight += 1
            world.work_after(world.rng.randint(0, 60), self.sender(each))
        world.work_after(world.rng.randint(30, 120), self.tick)

    def sender(self, claim: Claim) -> Callable[[], None]:
        return lambda: self.send(claim)

    def send(self, claim: Claim) -> None:
        """Open the socket, unless the lease may have ended meanwhile."""
        world = self.world
        if not self.alive:
            return
        if self.stalled_until > world.now:
            world.work_after(self.stalled_until - world.now, self.sender(claim))
            return
        if self.ledger.lease_age() >= self.ledger.lease:
            self.in_flight -= 1
            self.hand_back.append(claim.token)
            world.counts["not sent"] += 1
            return
        reply, latency = world.receiver.take(claim)
        world.work_after(latency, lambda: self.ended(claim, reply))

    def ended(self, claim: Claim, reply: Reply) -> None:
        if not self.alive:
            return
        self.in_flight -= 1
        decision = decide(reply, claim.attempt, POLICY, SUCCESS, self.world.rng, self.world.now)
        decision = taken_apart(decision, reply, claim.delivery.split)
        now = self.world.now
        result = Result(
            delivery=claim.delivery.id,
            node=NODE,
            attempt=claim.attempt,
            outcome=decision.outcome,
            at=now,
            worker=self.ledger.worker,
            revision=REVISION,
            error=decision.error,
            reason=decision.reason,
            next=None if decision.wait_ms is None else now + decision.wait_ms,
        )
        rest = None if decision.rest_ms is None else Rest(decision.rest_ms, "retry_after", "asked for")
        self.world.counts["rests"] += rest is not None
        self.settles.append(Settle(claim.token, result, decision.wait_ms, rest))


class Receiver:
    """Takes every request down, and answers as its luck has it; once `healthy` it answers 200."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.bodies: dict[str, set[bytes]] = {}
        self.requests: Counter[str] = Counter()
        self.first: list[str] = []  # deliveries, in the order in which they first came
        self.healthy = False

    def take(self, claim: Claim) -> tuple[Reply, int]:
        rng = self.world.rng
        message = claim.delivery.message
        self.requests[message] += 1
        if self.requests[message] == 1:
            self.first.append(claim.delivery.id)
        self.bodies.setdefault(message, set()).add(claim.body)
        latency = rng.choice((5, 20, 80, 80, 300, 1500))
        if refusal := _refusal(claim):
            return Reply(refusal, True), latency
        if self.healthy or rng.random() < 0.6:
            return Reply(200, True), latency
        if rng.random() < 0.5:
            asked = (("Retry-After", "1"),) if rng.random() < 0.2 else ()
            return Reply(503, True, asked), latency
        return Reply(None, False, error="timeout", message="no answer"), 1500


def _refusal(claim: Claim) -> int | None:
    """What is wrong with a list, however often it comes: too large, or one event in it."""
    if claim.delivery.entity_id != BATCHED:
        return None
    numbers = [each["n"] for each in json.loads(claim.body)]
    if len(numbers) > TOO_MANY:
        return 413
    return 422 if POISON in numbers else None


def planned_for(event: Event, subscribers: list[str], due: int) -> list[Delivery]:
    """The deliveries of an event, as intake plans them."""
    made = []
    for name in subscribers:
        message = message_id(event.source, event.id, "webhook", name, "")
        made.append(
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
                body=hashlib.sha256(event.raw).hexdigest(),
                place="webhooks.yaml:1",
            )
        )
    order = OrderPlan(key=f"k{len(event.raw) % 2}", turn=due * 1000)
    apart = {BATCHED: {"batch": BATCH}, ORDERED: {"order": order}}
    return [structs.replace(each, **apart.get(each.entity_id, {})) for each in made]
