"""What a sender is told: every delivery its event leads to."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ..delivery import Delivery, Status
from ..journal.runs import PlannedRun

LISTED = 1000  # deliveries named in an answer; more are counted


class Placed(msgspec.Struct, frozen=True, gc=False):
    """One delivery in an answer. One that is `batched` waits for others and goes out with them."""

    id: str
    entityType: str  # noqa: N815  # spelled as on the wire
    entityId: str  # noqa: N815
    status: str = Status.IN_QUEUE
    batched: bool = False


class Begun(msgspec.Struct, frozen=True, gc=False):
    """One run of an automation in an answer."""

    id: str
    entityId: str  # noqa: N815  # spelled as on the wire
    entityType: str = "automation"  # noqa: N815
    status: str = Status.IN_QUEUE


class Answer(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The answer for one event. Over 1,000 deliveries are counted, with a link, instead of listed.
    `runs` are those of automations.

    Of one that is `expunged` only the id is known: it is a duplicate whatever its content.
    """

    id: str
    duplicate: bool
    revision: str
    deliveries: tuple[Placed, ...] | msgspec.UnsetType = msgspec.UNSET
    count: int | None = None
    link: str | None = None
    expunged: bool = False
    runs: tuple[Begun, ...] = ()


class Answers(msgspec.Struct, frozen=True):
    """The answer for a batch: one entry an event, in the order of the request."""

    events: tuple[Answer, ...]


def first_answer(
    event_id: str, revision: str, deliveries: Sequence[Delivery], runs: Sequence[PlannedRun] = ()
) -> Answer:
    """What a sender is told about an event that was just accepted."""
    begun = tuple(Begun(each.id, each.entity_id) for each in runs) if runs else ()
    if len(deliveries) > LISTED:
        return counted(event_id, revision, len(deliveries), begun)
    placed = tuple(
        Placed(each.id, each.entity_type, each.entity_id, batched=each.batch is not None)
        for each in deliveries
    )
    return Answer(id=event_id, duplicate=False, revision=revision, deliveries=placed, runs=begun)


def counted(event_id: str, revision: str, count: int, runs: tuple[Begun, ...] = ()) -> Answer:
    """The answer for an event with too many deliveries to list."""
    link = f"/v1/deliveries?event={event_id}"
    return Answer(id=event_id, duplicate=False, revision=revision, count=count, link=link, runs=runs)
