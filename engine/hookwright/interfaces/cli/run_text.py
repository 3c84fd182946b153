"""One run with its steps, as people read it."""

from __future__ import annotations

from collections.abc import Iterator

import click
from msgspec import Raw

from hookwright.engine.history.run_view import StepTrace, Trace
from hookwright.schemas.grammar import spelt

from ..printable import printable
from .colors import STATUS_COLORS, symbol

LONGEST = 300  # characters of what went into a step or came out; `--raw` and `-o json` have all of it
_COLORS = {"started": "yellow", "waiting": "yellow", "ended": "green", "failed": "red"}


def describe(trace: Trace, *, raw: bool) -> str:
    """Several lines: what run it is, and each step."""
    lines = [*_head(trace), *(line for step in trace.steps for line in _step(step, raw=raw))]
    return "\n".join(lines)


def _head(trace: Trace) -> Iterator[str]:
    run = trace.run
    status = click.style(f"{symbol(run.status)} {run.status}", fg=STATUS_COLORS.get(run.status), bold=True)
    reason = f": {printable(run.reason)}" if run.reason else ""
    yield f"{run.id}  {status}{reason}"
    facts = {
        "automation": f"{run.entity_id}  ({run.place}, revision {run.revision[:19]})",
        "event": f"{run.event_id}  {run.event_type}  from {run.event_source}",
        "key": run.key,
        "accepted": run.accepted,
        "due": run.due if run.due != run.accepted else "",
        "updated": run.updated,
    }
    yield from (f"  {name:<10}  {printable(text)}" for name, text in facts.items() if text)


def _step(step: StepTrace, *, raw: bool) -> Iterator[str]:
    again = f" (taken again, {step.round})" if step.round else ""
    took = "" if step.took is None else f" after {spelt(step.took)}"
    until = f" until {step.until}" if step.state == "waiting" and step.until else ""
    yield ""
    state = click.style(step.state, fg=_COLORS.get(step.state))
    path, place = printable(step.path), printable(step.place)
    yield f"{step.began}  {path}{again}  {state}{took}{until}  {place}".rstrip()
    if step.error:
        yield f"  error       {printable(': '.join(step.error))}"
    if step.delivery:
        yield f"  delivery    {step.delivery}"
    if step.seen:
        yield f"  event       {printable(step.seen[1])}  from {printable(step.seen[0])}"
    for name, value in (("input", step.input), ("output", step.output)):
        if isinstance(value, Raw):
            yield f"  {name:<10}  {_cut(bytes(value).decode(), raw=raw)}"


def _cut(text: str, *, raw: bool) -> str:
    shown = printable(text)
    return shown if raw or len(shown) <= LONGEST else f"{shown[:LONGEST]}… ({len(shown):,} characters)"
