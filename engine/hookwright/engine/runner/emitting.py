"""Emitting: events of one's own go back to the door, each once; how that went ends their deliveries."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import msgspec
from msgspec import Raw

from ..delivery import SKIPPED, Delivery, Result
from ..hops import ATTRIBUTE, LIMIT, LOOP
from ..intake.door import STRUCTURED
from ..intake.event_id import digest
from ..intake.intake import Intake
from ..intake.rejected import Rejected

CAUSE = "hookwrightcause"
"""The extension attribute of an emitted event that names the event which led to it."""

_LATER = 503


@dataclass(slots=True)
class Emission:
    """A delivery that becomes an event, with its data. `result` is how it went, once it is known.

    `since` is the mark of the journal from which on its lines stand.
    """

    delivery: Delivery
    data: bytes
    since: int = 0
    result: Result | None = None


def emitted_id(message: str) -> str:
    """The id of the event that a message becomes: twice is a duplicate."""
    return f"evt_{digest(message)}"


def emitted_source(node: str) -> str:
    """The source of the events that a node emits."""
    return f"/hookwright/{node}/emitted"


class Emitting:
    """Sends events by `intake`, those of a moment under one fsync; `clock` is Unix seconds.

    `is_configured` says whether an endpoint is in force, `is_there` whether an event of this id was emitted.
    """

    def __init__(
        self,
        intake: Intake,
        node: str,
        is_configured: Callable[[str], bool],
        is_there: Callable[[str], bool],
        clock: Callable[[], float],
    ) -> None:
        self._intake = intake
        self._node = node
        self._is_configured = is_configured
        self._is_there = is_there
        self._clock = clock

    def emit(self, emissions: Sequence[Emission]) -> None:
        """Give each a result, unless it has to be tried again."""
        asyncio.run(self._all(emissions))

    async def _all(self, emissions: Iterable[Emission]) -> None:
        await asyncio.gather(*map(self._one, emissions))

    async def _one(self, emission: Emission) -> None:
        delivery = emission.delivery
        if self._is_there(emitted_id(delivery.message)):
            emission.result = self._result(delivery, "success", "")
        elif delivery.refusal is not None:
            kind, reason = delivery.refusal
            skipped = kind == SKIPPED
            emission.result = self._result(delivery, "skipped" if skipped else "failure", reason, kind)
        elif not self._is_configured(delivery.endpoint):
            emission.result = self._result(delivery, "cancelled", "subscriber removed")
        elif delivery.hops + 1 > LIMIT:
            emission.result = self._result(delivery, "skipped", LOOP)
        else:
            emission.result = await self._accepted(emission)

    async def _accepted(self, emission: Emission) -> Result | None:
        delivery = emission.delivery
        try:
            await self._intake.accept(_event(emission, self._node), STRUCTURED, {})
        except Rejected as refused:
            if refused.status == _LATER:
                return None
            return self._result(delivery, "failure", refused.detail, "template")
        return self._result(delivery, "success", "")

    def _result(self, delivery: Delivery, outcome: str, reason: str, error: str | None = None) -> Result:
        fields = {
            "delivery": delivery.id,
            "node": delivery.node,
            "attempt": 1 if outcome in {"success", "failure"} else 0,
            "outcome": outcome,
            "at": int(self._clock() * 1000),
            "worker": "runner",
            "reason": reason,
            "error": error if outcome == "failure" else None,
        }
        return msgspec.convert(fields, Result)


def _event(emission: Emission, node: str) -> bytes:
    """The CloudEvent that goes to the door."""
    delivery = emission.delivery
    said = delivery.emission
    assert said is not None
    fields: dict[str, object] = {
        "specversion": "1.0",
        "id": emitted_id(delivery.message),
        "source": emitted_source(node),
        "type": said.type,
        ATTRIBUTE: delivery.hops + 1,
        CAUSE: delivery.event_id,
        "data": Raw(emission.data or b"null"),
    }
    if said.subject:
        fields["subject"] = said.subject
    return msgspec.json.encode(fields)


def value_of(node: str, message: str, event_type: str) -> dict[str, str]:
    """What a run sees of an event it emitted."""
    return {"id": emitted_id(message), "source": emitted_source(node), "type": event_type}


def value_in(body: str) -> object:
    """What a Lapp returned, from the body of its answer."""
    try:
        found: object = json.loads(body)
    except ValueError:
        return None
    return found
