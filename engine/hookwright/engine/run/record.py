"""What is recorded of a run: a `StepRecord` for every state of a step, and the `CallEnd` of its calls."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from ..delivery import Received, Status

StepState = Literal["started", "waiting", "ended", "failed"]
TERMINAL: frozenset[StepState] = frozenset({"ended", "failed"})

LIMIT = "limit"
"""The error class of a step, or a run, that goes beyond what one may have."""


class StepError(Struct, frozen=True, kw_only=True, gc=False, rename={"kind": "class"}):
    """Why a step failed: an error class (that of the last try of a call, `expression`, `template`, `limit`,
    `cancelled`, `skipped`), and the same for people.
    """

    kind: str
    reason: str


class StepRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The state that the step at `path` got into at `at` (Unix milliseconds); its last one counts.

    `path` is the static path, with the numbers of the items it is in where it stands in loops:
    `steps/hello`, `steps/each/do/0@2`, `steps/hello/notify/sales@2.0`. A step that tells several people has
    a record, and so has each of its actions. A waiting step goes on at `until`. `input` is what was filled
    in when a step began, `output` what later steps see of it (`steps.hello`). `round` counts how often
    `on_error: retry` took a call once more. `delivery` is the one that an ended or failed call was. `place`
    is its YAML line.
    """

    path: str
    state: StepState
    at: int
    until: int | None = None
    input: Any = None  # JSON, all three: msgspec knows no type that is made of itself
    output: Any = None
    error: StepError | None = None
    place: str = ""
    round: int = 0
    delivery: str = ""

    @property
    def is_terminal(self) -> bool:
        return self.state in TERMINAL


class CallEnd(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the delivery of an order ended. `path` and `round` are those of the order, `at` when it ended.

    `status` is terminal. `error` and `reason` are those of its last try, `response` its answer. `value` is
    what a Lapp returned, or the event (id, source, type) that an emission became.
    """

    path: str
    status: Status
    at: int
    round: int = 0
    delivery: str = ""
    attempts: int = 0
    error: str | None = None
    reason: str = ""
    response: Received | None = None
    value: Any = None
