"""The world of a timeline: a node, a worker and receivers on a clock that jumps to what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, cast

from hookwright.plugins.registry import Plugins
from hookwright.rules.event import Event
from hookwright.rules.source import Source

from ..intake.rendering import Rendering
from ..ledger.ledger import Ledger
from ..ledger.lua import KEYS
from ..ledger.policy import policies_of
from ..revisions import table_of
from ..worker.published import Published
from .agenda import Agenda
from .calls import Calls, Configured, Unreachable
from .client import Client
from .happening import Happening
from .node import Node, opened
from .receivers import Receivers
from .redis_in_memory import RedisInMemory
from .scripts import Scripts
from .story import Story
from .timeline import Timeline

if TYPE_CHECKING:
    from redis import Redis

LEASE = 10.0**9  # seconds: nobody dies here
MOST = 1_000_000  # turns of the agenda: an end for what has none


def live_through(
    timeline: Timeline, source: Source, plugins: Plugins, *, seed: int = 0
) -> Sequence[Happening]:
    """What a timeline leads to under the configuration of `source`. `seed` spreads the retries."""
    with TemporaryDirectory(prefix="hookwright-") as folder:
        world = _World(Path(folder) / "state", timeline, source, plugins, seed)
        with opened(world.node):
            return world.run()


class _World:
    def __init__(self, state: Path, timeline: Timeline, source: Source, plugins: Plugins, seed: int) -> None:
        table = table_of(source)
        self._end = timeline.end
        self._agenda = agenda = Agenda(timeline.start)
        self._redis = redis = RedisInMemory(lambda: agenda.now)
        client = cast("Redis", Client(Scripts(redis), redis, lambda: False, lambda: None))
        ledger = Ledger(client, worker="simulated", lease=LEASE, clock=lambda: agenda.now / 1000)
        ledger.publish(table.revision, b"", table.endpoints, table.limits, policies_of(table))
        self.node = Node(state, source, table, plugins, ledger, agenda)
        published = Published(table.revision, table, plugins, Unreachable())
        configured = Configured(published, table, Rendering(plugins, timeline.start / 1000))
        rng = Random(seed)  # noqa: S311  # spreads retries, guards nothing
        self._calls = Calls(ledger, agenda, Receivers(timeline.answers), configured, rng)
        self._story = Story(self.node.history, lambda: agenda.now / 1000)
        self._look: int | None = None
        for arrival in timeline.arrivals:
            agenda.at(arrival.at, partial(self._arrive, arrival.event))
        agenda.at(timeline.start, lambda: None)

    def run(self) -> Sequence[Happening]:
        """To the end of the timeline, or until nothing is left to do."""
        for _ in range(MOST):
            coming = self._agenda.next_at
            if coming is None or (self._end is not None and coming > self._end):
                break
            self._agenda.turn()
            self._carry_out()
        return self._story.told()

    def _arrive(self, event: Event) -> None:
        if self.node.accept(event).duplicate:
            self._story.repeated(event, self._agenda.now)

    def _carry_out(self) -> None:
        """Everything that can be done now; then a look when something is due next."""
        # A worker beats once a second; where time jumps, it has done so all the while.
        self._redis.call(b"SET", f"{KEYS}heard".encode(), b"%d" % self._agenda.now)
        worked = True
        while worked:
            worked = self.node.turn()
            tick, called = self._calls.turn()
            worked = worked or called
            self._story.follow()
        now = self._agenda.now
        soonest = [] if tick.next_due is None else [now + max(tick.next_due, 1)]
        due = self.node.next_at
        if due is not None:
            soonest.append(max(due, now + 1))
        if soonest:
            self._look_at(min(soonest))

    def _look_at(self, when: int) -> None:
        """One look is enough, the earliest."""
        if self._look is None or self._look <= self._agenda.now or when < self._look:
            self._look = when
            self._agenda.at(when, lambda: None)
