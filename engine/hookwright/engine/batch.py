"""Batches: which members go together, decided from the members and the time alone.

Members of one group (the same endpoint, event type, key and settings) are taken in the order in which they
are due. The first one opens a window. Whoever is due before the window's end goes with it, until the batch is
full. So the answer does not depend on when somebody looks, nor on how often.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from hookwright.rules.event import Event
from hookwright.rules.expression import key_text
from hookwright.rules.model import Batch, Target

from .delivery import BatchPlan

Reason = Literal["window", "max_events", "max_bytes", "split"]

_BRACKETS, _COMMA = 2, 1  # bytes of a JSON list beside its items


def batch_plan(event: Event, batch: Batch, target: Target) -> BatchPlan:
    """With whom this event is batched on its way to `target`.

    Raises `ExpressionError` when its key cannot be computed.
    """
    key = ""
    if batch.key is not None:
        key = key_text(batch.key.evaluate(event.attributes, event.data))
    return BatchPlan(
        window=batch.window,
        max_events=batch.max_events,
        max_bytes=batch.max_bytes,
        encoder=target.encoder,
        content_type=target.content_type,
        key=key,
        split=batch.split,
    )


@dataclass(frozen=True, slots=True, order=True)
class Member:
    """One delivery that waits for others. They sort by when they are due, then as they were accepted.

    `due` is Unix milliseconds; `order` grows with every acceptance; `size` is the bytes of its data as JSON.
    """

    due: int
    order: int
    id: str
    size: int


@dataclass(frozen=True, slots=True)
class Closed:
    """A batch that never changes again. `opened` and `due` (when it closed) are Unix milliseconds."""

    members: tuple[Member, ...]
    opened: int
    due: int
    reason: Reason


@dataclass(slots=True)
class OpenBatch:
    """The window of one group that is open, if one is. Each step costs the same however many it holds."""

    plan: BatchPlan
    members: list[Member] = field(default_factory=list)
    size: int = 0  # bytes of the JSON list

    @property
    def opened(self) -> int:
        return self.members[0].due

    @property
    def end(self) -> int:
        """When the window closes by itself. Only while there are members."""
        return self.opened + self.plan.window

    def take(self, member: Member) -> Iterator[Closed]:
        """Add the next member, not due before the last one; what is closed by that."""
        if self.members and member.due >= self.end:
            yield self._closed(self.end, "window")
        elif self.members and self.size + _COMMA + member.size > self.plan.max_bytes:
            yield self._closed(member.due, "max_bytes")
        self.size += member.size + (_COMMA if self.members else _BRACKETS)
        self.members.append(member)
        if len(self.members) >= self.plan.max_events:
            yield self._closed(member.due, "max_events")
        elif self.size >= self.plan.max_bytes:
            yield self._closed(member.due, "max_bytes")

    def over(self, now: int) -> Iterator[Closed]:
        """What is closed because the window is over at `now`, after all that are due by then were taken."""
        if self.members and now >= self.end:
            yield self._closed(self.end, "window")

    def _closed(self, due: int, reason: Reason) -> Closed:
        closed = Closed(tuple(self.members), self.opened, due, reason)
        self.members, self.size = [], 0
        return closed


def gather(members: Iterable[Member], plan: BatchPlan, now: int) -> tuple[list[Closed], list[Member]]:
    """The batches of one group that are closed at `now`, and the members of the window that is open.

    `members` are all that are in no batch yet, in any order.
    """
    window = OpenBatch(plan)
    due = sorted(each for each in members if each.due <= now)
    closed = [batch for member in due for batch in window.take(member)]
    return [*closed, *window.over(now)], window.members
