"""A `Plan`: one event with its deliveries and their bodies, before it is in the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hookwright.rules.event import Event

from ..delivery import Delivery
from ..journal.runs import PlannedRun
from .answer import Answer, first_answer
from .offering import Fresh
from .redacting import Redaction


@dataclass(frozen=True, slots=True)
class Plan:
    """One event with its deliveries and their bodies: what one group of journal lines says."""

    event: Event
    fingerprint: str
    revision: str
    deliveries: tuple[Delivery, ...]
    bodies: Mapping[str, bytes]  # by SHA-256
    redaction: Redaction | None = None
    shown: Mapping[str, bytes] = field(default_factory=dict)  # by delivery: what may be read of its own body
    runs: tuple[PlannedRun, ...] = ()

    def answer(self) -> Answer:
        """What its sender is told."""
        return first_answer(self.event.id, self.revision, self.deliveries, self.runs)

    def fresh(self, accepted: float) -> list[Fresh]:
        """What intake offers of it; the rest is the bookkeeper's to offer, or the runner's to carry out."""
        return [
            Fresh(delivery, self.bodies[delivery.body], accepted)
            for delivery in self.deliveries
            if delivery.batch is None and delivery.order is None and delivery.emission is None
        ]
