"""What `explain` found out: of the event as a whole, and of each subscriber with its requests."""

from __future__ import annotations

from dataclasses import dataclass

from hookwright.engine.intake.rejected import Rejected
from hookwright.engine.intake.rendering import Rendered
from hookwright.rules.explain import Explanation

from .given_event import GivenEvent


@dataclass(frozen=True, slots=True)
class Explained:
    """One subscriber; `requests` are there when they were asked for and it gets the event."""

    explanation: Explanation
    requests: tuple[Rendered, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """The event, why no server would take it (if so), and how many of all subscribers get it."""

    given: GivenEvent
    rejected: Rejected | None
    selected: int
    total: int
