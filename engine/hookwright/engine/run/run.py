"""A `Run`: its trigger and its records. And an `Advance`: what follows from them, perhaps its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct

from hookwright.rules.event import JSON
from hookwright.rules.model import Action

from ..delivery import Status
from .made import Made
from .record import StepRecord
from .trigger import Trigger


class Run(Struct, frozen=True, kw_only=True):
    """One run of the automation `entity_id` as it was in `revision`; `records` are the last ones, by path.

    `kept` is how many bytes the outputs of its steps take, as JSON.
    """

    id: str
    entity_id: str
    revision: str
    trigger: Trigger
    key: str = ""
    records: Mapping[str, StepRecord] = {}
    kept: int = 0

    def with_records(self, records: Iterable[StepRecord]) -> Run:
        """The run once these were recorded, in this order; one that came too late changes nothing."""
        known = dict(self.records)
        kept = self.kept
        for record in records:
            before = known.get(record.path)
            if before is None or follows(record, before):
                known[record.path] = record
                kept += size_of(record.output)
        return msgspec.structs.replace(self, records=known, kept=kept)


class Order(Struct, frozen=True, kw_only=True):
    """A delivery to place: `action` with its templates filled in from `scope`.

    Its message id is of the trigger, the automation and `path`, which has the numbers of loops in it; its
    `round` is that of the delivery. So an order that is given again is known by the id of its delivery.
    """

    path: str
    action: Action
    scope: Mapping[str, JSON]
    round: int = 0


class End(Struct, frozen=True):
    """A run is over: Success, Failure or Cancelled, and why."""

    status: Status
    reason: str = ""


class Advance(Struct, frozen=True, kw_only=True):
    """What follows from what is recorded: to be carried out in this order, all of it once more after a crash.

    Write `records`; place those `orders` whose deliveries are not placed yet (they hold every call under way,
    not only new ones); write the `end`. Without an end come back with news, or at `wake` (Unix milliseconds).
    `made` is what was computed for the records.
    """

    records: tuple[StepRecord, ...] = ()
    orders: tuple[Order, ...] = ()
    wake: int | None = None
    end: End | None = None
    made: tuple[Made, ...] = ()


def follows(record: StepRecord, before: StepRecord) -> bool:
    """Whether a step may get from one state into the other: a terminal one is final, no round comes back."""
    if before.is_terminal:
        return False
    if record.round != before.round:
        return record.round > before.round
    return record.state not in {"started", before.state}


def size_of(output: JSON) -> int:
    """The bytes that a value takes as JSON."""
    return 0 if output is None else len(msgspec.json.encode(output))
