"""Admission: what becomes of an event that begins a run while others with its key are open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from hookwright.rules.expression import key_text
from hookwright.rules.steps import Automation

from .made import Made
from .trigger import Trigger

Verdict = Literal["start", "wait", "drop", "fail"]


class Standing(Struct, frozen=True, kw_only=True):
    """An open run: not `begun`, it waits for its turn."""

    id: str
    begun: bool


class Admission(Struct, frozen=True, kw_only=True):
    """What becomes of a new run: it starts, waits for its turn, is dropped (Skipped), or fails (Failure).

    `reason` is recorded with it. The runs in `cancelled` make way for it: Cancelled, for `cancel_reason`.
    """

    verdict: Verdict
    reason: str = ""
    cancelled: tuple[str, ...] = ()
    cancel_reason: str = ""


def key_of(automation: Automation, trigger: Trigger) -> str:
    """The text of a run's key, "" without one. Raises `ExpressionError` when it has no value."""
    if automation.key is None:
        return ""
    return key_text(automation.key.evaluate(trigger.attributes, trigger.data))


def made_of_key(automation: Automation, trigger: Trigger) -> tuple[Made, ...]:
    """What the key was computed from."""
    scope = {"event": trigger.attributes, "data": trigger.data}
    return (Made((automation.key.evaluate_in,), scope),) if automation.key else ()


def admit(automation: Automation, others: Sequence[Standing], run: str) -> Admission:
    """What becomes of the new run with the id `run`; `others` are the open ones of its key, oldest first."""
    if automation.mode == "restart":
        return Admission(
            verdict="start",
            cancelled=tuple(other.id for other in others),
            cancel_reason=f"superseded by {run}: mode restart",
        )
    most = 1 if automation.mode == "single" else automation.most
    if most is not None and len(others) >= most:
        return _overflow(automation, others, run, most)
    return _beside(automation, others)


def next_in_line(automation: Automation, others: Sequence[Standing]) -> tuple[str, ...]:
    """The waiting runs whose turn it is, where these are the open ones of a key, oldest first."""
    waiting = [other.id for other in others if not other.begun]
    if automation.mode == "parallel":
        return tuple(waiting)
    return () if len(waiting) < len(others) else tuple(waiting[:1])


def _beside(automation: Automation, others: Sequence[Standing]) -> Admission:
    """What becomes of a run for which there is room."""
    if automation.mode == "queued" and others:
        return Admission(
            verdict="wait", reason=f"waits for its turn behind {_runs(len(others))}: mode queued"
        )
    return Admission(verdict="start")


def _overflow(automation: Automation, others: Sequence[Standing], run: str, most: int) -> Admission:
    if automation.mode == "single":
        return Admission(verdict="drop", reason=f"{others[0].id} with this key is going on: mode single")
    full = f"{_runs(len(others))} with this key, max is {most}"
    if automation.on_overflow == "drop_new":
        return Admission(verdict="drop", reason=f"{full}: on_overflow drop_new")
    if automation.on_overflow == "fail":
        return Admission(verdict="fail", reason=f"{full}: on_overflow fail")
    gone = _oldest(others, len(others) - most + 1)
    left = [other for other in others if other.id not in gone]
    beside = _beside(automation, left)
    return Admission(
        verdict=beside.verdict,
        reason=beside.reason,
        cancelled=gone,
        cancel_reason=f"makes way for {run}: max is {most}, on_overflow drop_oldest",
    )


def _oldest(others: Sequence[Standing], count: int) -> tuple[str, ...]:
    """Those that make way: the oldest that wait, and only where none does one that has begun."""
    ordered = sorted(others, key=lambda other: other.begun)  # a stable sort: oldest first in each half
    return tuple(other.id for other in ordered[:count])


def _runs(count: int) -> str:
    return "1 open run" if count == 1 else f"{count} open runs"
