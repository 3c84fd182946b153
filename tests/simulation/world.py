"""One simulated installation: a seed decides what is sent, what breaks and when; the clock only jumps ahead.

The ledger's Lua scripts, the bookkeeper, the journal, batching and the retry decision are the engine's own.
Time, Redis' data, the disk's memory, workers' threads and the network are the simulation's.
"""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from random import Random

from tests.simulation.disk import Disk
from tests.simulation.parts import (
    BATCHED,
    CAPS,
    ORDERED,
    POLICIES,
    Door,
    Keeper,
    Receiver,
    Worker,
    planned_for,
)

from hookwright.engine.book import vigil
from hookwright.engine.delivery import Delivery
from hookwright.engine.journal.segment import list_segments
from hookwright.engine.ledger.ledger import Ledger
from hookwright.engine.simulation.client import Client
from hookwright.engine.simulation.redis_in_memory import RedisInMemory
from hookwright.engine.simulation.scripts import Change, Scripts
from hookwright.plugins.loader import load_plugins
from hookwright.rules.event import Event

START = 1_795_435_200_000  # 2026-11-23T12:00:00Z
LOAD = 6_000  # ms in which events come and things break
PATIENCE = 120_000  # ms after that by which everything must have ended
LEASE = 2.0  # seconds
CHECKPOINTS = ("fsynced", "indexed", "acknowledged", "batched", "batch_indexed", "split", "split_indexed")
vigil.LINGER = 10.0  # no call of this world takes longer
ENCODERS = load_plugins(allow=()).encoders


class World:
    """`run` lives through it; afterwards `problems` says what was not kept.

    `changes` are made to the scripts' text, `honest` is false for a disk whose fsync does nothing.
    """

    def __init__(
        self,
        seed: int,
        state: Path,
        *,
        events: int = 12,
        faults: int = 6,
        changes: Mapping[str, Change] | None = None,
        honest: bool = True,
    ) -> None:
        self.rng = Random(seed)
        self.state = state
        self.history = state / "history"
        self.encoders = ENCODERS
        self.now = START
        self.counts: Counter[str] = Counter()
        self.acknowledged: dict[int, list[str]] = {}
        self.faults = 0
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._work: list[tuple[int, int, Callable[[], None]]] = []
        self._serial = count()
        self._names = count()
        self._down_until = 0
        self.disk = Disk(self.rng, honest=honest)
        self.redis = RedisInMemory(lambda: self.now)
        self.scripts = Scripts(self.redis, changes)
        self.receiver = Receiver(self)
        state.mkdir(parents=True)
        self.publish()
        self.door = Door(self)
        self.keeper = Keeper(self)
        self.workers = [self._hire() for _ in range(2)]
        self._plan(seed, events, faults)

    def run(self) -> None:
        """Until everything ended, or nobody has patience any more."""
        end = START + LOAD + PATIENCE
        while self._agenda and self.now <= end and not self._over():
            self._next(self._work if self._work and self._work[0] < self._agenda[0] else self._agenda)
        self.keeper.die()
        self.door.die()

    # The clock.

    def clock(self) -> float:
        return self.now / 1000

    seconds = clock

    def after(self, wait: int, action: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (self.now + wait, next(self._serial), action))

    def work_after(self, wait: int, action: Callable[[], None]) -> None:
        """What workers and the door do: it may also happen between two calls of the bookkeeper."""
        heapq.heappush(self._work, (self.now + wait, next(self._serial), action))

    def meanwhile(self) -> None:
        """Between two calls of the bookkeeper others may get their turn."""
        while self._work and self.rng.random() < 0.3:
            self._next(self._work)

    def _next(self, agenda: list[tuple[int, int, Callable[[], None]]]) -> None:
        at, _, action = heapq.heappop(agenda)
        self.now = max(self.now, at)
        action()

    def chance(self, probability: float) -> bool:
        """Whether something unlikely happens, while things may still break."""
        return self.now < START + LOAD and self.rng.random() < probability

    # What there is.

    def ledger(self, worker: str = "", before: Callable[[], None] = lambda: None) -> Ledger:
        """A client of its own; `before` is called before each of its calls."""
        client = Client(self.scripts, self.redis, lambda: self.now < self._down_until, before)
        return Ledger(client, worker=worker, lease=LEASE, clock=self.clock)

    def publish(self) -> None:
        self.ledger().publish("sha256:r", b"{}", CAPS, {}, POLICIES)

    def event(self, number: int) -> tuple[list[Delivery], Event, bytes]:
        """Event `number`, the same whenever it is sent; its time is that of its first sending."""
        rng = Random(number)
        raw = json.dumps({"n": number, "pad": "x" * rng.randint(0, 50)}).encode()
        event = Event(id=f"e{number}", source="/load", type="Lead_Post_Create", data=None, raw=raw)
        subscribers = rng.sample(["one", "many", BATCHED, ORDERED], rng.randint(1, 4))
        return planned_for(event, subscribers, self.now), event, raw

    def _hire(self) -> Worker:
        worker = Worker(self, f"w{next(self._names)}")
        self.work_after(self.rng.randint(0, 100), worker.tick)
        return worker

    # What happens.

    def _plan(self, seed: int, events: int, faults: int) -> None:
        for number in range(events):
            self.after(self.rng.randint(0, LOAD), self._sending(number))
        for _ in range(faults):
            fault = self.rng.choice(
                (
                    self._kill_one_worker,
                    self._stall_one_worker,
                    self._lose_redis,
                    self._take_redis_away,
                    self._restart_redis,
                    self._bring_back_older_data,
                    self.kill_door,
                    self._kill_keeper,
                    self._cut_power if seed % 2 else self._kill_keeper,
                    self._cut_power_within_a_write if seed % 2 else self._break_the_disk,
                )
            )
            self.after(self.rng.randint(200, LOAD), self._counted(fault))
        self.after(LOAD, self._heal)
        self.after(0, self._turn)

    def _sending(self, number: int) -> Callable[[], None]:
        return lambda: self.door.accept(number)

    def _counted(self, fault: Callable[[], None]) -> Callable[[], None]:
        def happen() -> None:
            self.faults += 1
            self.counts[fault.__name__.strip("_").replace("_", " ")] += 1
            fault()

        return happen

    def _turn(self) -> None:
        resting = self.redis.data.get(b"{hw:0}:rests", {})
        self.counts["breakers open"] += any(b"breaker" in causes for causes in resting.values())
        self.keeper.turn()
        self.after(self.rng.choice((60, 250, 600)), self._turn)

    def _heal(self) -> None:
        self.receiver.healthy = True
        self.disk.failing = self.disk.dying = False
        self._down_until = 0

    def _kill_one_worker(self) -> None:
        self.kill_worker(self.rng.choice(self.workers))

    def kill_worker(self, worker: Worker) -> None:
        worker.alive = False
        self.workers.remove(worker)
        self.workers.append(self._hire())

    def _stall_one_worker(self) -> None:
        self.rng.choice(self.workers).stalled_until = self.now + self.rng.choice((1000, 3000, 5000))

    def _lose_redis(self) -> None:
        self.redis.flush()

    def _restart_redis(self) -> None:
        self.redis.restart()

    def _bring_back_older_data(self) -> None:
        """What is held now comes back a little later: a restored backup, or a failover behind."""
        held = self.redis.copy()
        self.after(self.rng.choice((50, 400, 2000)), lambda: self.redis.restart(held))

    def _take_redis_away(self) -> None:
        self._down_until = self.now + self.rng.choice((100, 800, 3000))

    def kill_door(self) -> None:
        self.door.die()
        self.door = Door(self)

    def _kill_keeper(self) -> None:
        self.keeper.crash_at = self.rng.choice(CHECKPOINTS)

    def restart_keeper(self) -> None:
        self.keeper.die()
        self.keeper = Keeper(self)

    def _cut_power(self) -> None:
        """The whole machine: what was not fsynced is gone, in part. Redis stands on another one."""
        for worker in list(self.workers):
            self.kill_worker(worker)
        self.keeper.die()
        self.door.die()
        self.counts["segments cut"] += self.disk.cut_power(self.history)
        self.door = Door(self)
        self.keeper = Keeper(self)

    def _cut_power_within_a_write(self) -> None:
        self.disk.dying = True

    def end_of_power(self) -> None:
        """The power fails now, if it was to fail within a write."""
        if self.disk.dying:
            self._cut_power()

    def _break_the_disk(self) -> None:
        self.disk.failing = True
        self.after(self.rng.choice((300, 1500)), self._mend_the_disk)

    def _mend_the_disk(self) -> None:
        self.disk.failing = False

    # What became of it.

    def _over(self) -> bool:
        if self.now <= START + LOAD or len(self.keeper.book.open) or not self.acknowledged:
            return False
        return not self.redis.data.get(b"{hw:0}:total")

    def lines(self, *kinds: str) -> list[dict[str, object]]:
        found = [
            json.loads(line)
            for segment in list_segments(self.history)
            for line in (self.history / segment.name).read_bytes().split(b"\n")[:-1]
        ]
        return [line for line in found if line["kind"] in kinds]
