"""The lines about runs of automations: how a run stands, and each state that a step of it got into."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import UNSET, Raw, Struct, UnsetType, field

from ..delivery import Status


class PlannedRun(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, gc=False):
    """A run in the line of the event that begins it. It begins at `due`, unless a `refusal` (error class or
    `skipped`, reason) says that it does not.
    """

    id: str
    entity_id: str
    due: str
    place: str = field(default="", name="from")
    refusal: tuple[str, str] | None = None


class Began(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The event that began a run. One that no event began, but the clock, has its `data` here."""

    source: str
    id: str
    type: str
    data: Raw | UnsetType = UNSET


class RunLine(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The fields of a `run` line: how a run stands from here on. The first is In Queue, the last is terminal.

    `key` tells runs that keep to each other from others; `begun` says that it does not wait for its turn.
    """

    run: str
    entity_id: str
    status: Status
    revision: str
    trigger: Began
    due: str
    place: str = field(default="", name="from")
    key: str = ""
    begun: bool = False
    reason: str = ""


class StepLine(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The fields of a `step` line: a state that the step at `path` of a run got into.

    `step_at` and `until` are RFC 3339. `input` and `output` are what may be read of them; where something of
    them is redacted, or was too large, they stand `sealed` as they are. `error` is (class, reason). `seen`
    is (source, id) of the event that a wait ended with.
    """

    run: str
    path: str
    state: Literal["started", "waiting", "ended", "failed"]
    step_at: str
    until: str | None = None
    input: Raw | UnsetType = UNSET
    output: Raw | UnsetType = UNSET
    error: tuple[str, str] | None = None
    place: str = field(default="", name="from")
    round: int = 0
    delivery: str = ""
    seen: tuple[str, str] | None = None
    sealed: str = ""


class CancelLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The fields of a `run_cancel` line: somebody wants the run to end."""

    run: str
    by: str
    why: str = ""


RUNS: Mapping[str, type[RunLine] | type[StepLine] | type[CancelLine]] = {
    "run": RunLine,
    "step": StepLine,
    "run_cancel": CancelLine,
}
