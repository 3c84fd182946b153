"""The world of a timeline: the decisions of ledger, door and worker are their own, and nobody waits."""

from __future__ import annotations

from functools import partial
from random import Random
from typing import TYPE_CHECKING, cast

from hookwright.plugins.registry import Plugins
from hookwright.rules.event import Event
from hookwright.rules.source import Source

from ..intake.rendering import Rendering
from ..ledger.ledger import Ledger
from ..ledger.policy import policies_of
from ..revisions import table_of
from ..worker.published import Published
from .agenda import Agenda
from .calls import Calls, Configured, Unreachable
from .client import Client
from .entrance import NODE, Entrance
from .receivers import Receivers
from .redis_in_memory import RedisInMemory
from .scripts import Scripts
from .story import Story
from .timeline import Timeline

if TYPE_CHECKING:
    from redis import Redis

LEASE = 10.0**9  # seconds: nobody dies here
MOST = 1_000_000  # turns of the agenda: an end for what has none


class World:
    """Lives through a timeline under the configuration of `source`. `seed` spreads the retries."""

    def __init__(self, timeline: Timeline, source: Source, plugins: Plugins, *, seed: int = 0) -> None:
        self._timeline = timeline
        table = table_of(source)
        self._agenda = agenda = Agenda(timeline.start)
        redis = RedisInMemory(lambda: agenda.now)
        client = Client(Scripts(redis), redis, lambda: False, lambda: None)
        self._ledger = Ledger(
            cast("Redis", client), worker="simulated", lease=LEASE, clock=lambda: agenda.now / 1000
        )
        self._ledger.publish(table.revision, b"", table.endpoints, table.limits, policies_of(table))
        self._entrance = Entrance(table, plugins)
        rendering = Rendering(plugins, timeline.start / 1000)
        published = Published(table.revision, table, plugins, Unreachable())
        self._calls = Calls(
            self._ledger,
            agenda,
            Receivers(timeline.answers),
            Configured(published, table, rendering),
            Random(seed),  # noqa: S311  # spreads retries, guards nothing
        )
        self._wake: int | None = None
        self.story = Story()
        for arrival in timeline.arrivals:
            agenda.at(arrival.at, partial(self._arrive, arrival.event))

    def run(self) -> Story:
        """To the end of the timeline, or until nothing is left to do."""
        end = self._timeline.end
        for _ in range(MOST):
            coming = self._agenda.next_at
            if coming is None or (end is not None and coming > end):
                break
            self._agenda.turn()
            self._carry_out()
        return self.story

    def _arrive(self, event: Event) -> None:
        now = self._agenda.now
        placed = self._entrance.placed(event, now)
        self.story.arrived(event, [delivery for delivery, _ in placed], now)
        self._ledger.offer(self._entrance.offers(placed, now))

    def _carry_out(self) -> None:
        """Everything that can be done now, and a look when something is due next."""
        now = self._agenda.now
        for closing, delivery, body in self._entrance.closed(now):
            self.story.batched(closing, delivery, now)
            self._ledger.offer(self._entrance.offers([(delivery, body)], now))
        tick = self._calls.turn()
        self._book()
        soonest = [] if tick.next_due is None else [now + max(tick.next_due, 1)]
        batch = self._entrance.next_at
        if batch is not None:
            soonest.append(batch)
        if soonest:
            self._look_at(min(soonest))

    def _book(self) -> None:
        results = self._ledger.results(NODE, block_ms=0)
        for _, result in results:
            self.story.booked(result)
        if results:
            booked = [each.delivery for _, each in results if hasattr(each, "delivery")]
            self._ledger.acknowledge(NODE, results[-1][0], booked)

    def _look_at(self, when: int) -> None:
        """One look is enough, the earliest."""
        now = self._agenda.now
        if self._wake is None or self._wake <= now or when < self._wake:
            self._wake = when
            self._agenda.at(when, lambda: None)
