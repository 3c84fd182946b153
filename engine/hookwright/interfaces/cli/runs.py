"""`hookwright runs`: how runs of automations go, step by step. Read from the files on disk."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
import msgspec

from hookwright.engine.history.history import History
from hookwright.engine.history.run_view import RunRow

from ..filters import BadFilter
from ..printable import printable
from ..run_filters import PARAMETERS, read_run_filter
from .asking import ask
from .colors import STATUS_COLORS
from .commands import Command
from .exits import Exit, Stop
from .options import option, shared
from .output import Output, print_columns, print_document, print_each, print_lines
from .row_text import second
from .run_text import describe
from .selection import CANDIDATES, ambiguous, opened

_HEADS = ("BEGAN", "RUN", "STATUS", "AUTOMATION", "EVENT", "KEY", "REASON")


class _Runs(click.Group):
    command_class = Command


@click.group(cls=_Runs, context_settings={"help_option_names": ["-h", "--help"]})
def runs() -> None:
    """See how runs of automations go, step by step.

    The files under --state are read; no server has to run.
    """


@runs.command("list")
@option("--status", metavar="STATUS", help="In Queue, Success, Failure, Cancelled or Skipped.")
@option("--open", "open_", is_flag=True, help="Only runs that have not ended.")
@option("--automation", metavar="ID", help="welcome, or automation/welcome.")
@option(
    "-t", "--type", "--event-type", "event_type", metavar="TYPE", help="Type of the event; Lead_* is a glob."
)
@option("--event", metavar="ID", help="Id of the event that began it.")
@option("--since", metavar="TIME", help="Begun since 2026-11-23T21:04:02Z, or 7d ago.")
@option("--until", metavar="TIME", help="Begun before that time, or so long ago.")
@option("-n", "--limit", type=click.IntRange(1, 100_000), default=50, help="How many, newest first.")
@option("--before", metavar="ID", help="Go on after this run: those older than it.")
@shared("state", "output")
def list_(  # noqa: PLR0913, PLR0917  # one parameter a flag
    status: str | None,
    open_: bool,
    automation: str | None,
    event_type: str | None,
    event: str | None,
    since: str | None,
    until: str | None,
    limit: int,
    before: str | None,
    state: Path,
    output: Output,
) -> None:
    """List runs, the newest first: of which automation, begun by which event, and how they stand."""
    given = (status, automation, event, event_type, since, until, "true" if open_ else None)
    words = {name: text for name, text in zip(PARAMETERS, given, strict=True) if text is not None}
    try:
        wanted = read_run_filter(words, int(time.time() * 1000))
    except BadFilter as bad:
        flag = "type" if bad.name == "event_type" else bad.name
        raise click.BadParameter(str(bad), param_hint=f"--{flag}") from None
    with opened(state) as found:
        last = one_run(found, before, state).id if before else None
        rows = found.runs.list(wanted, limit + 1, last)
    rows, more = rows[:limit], len(rows) > limit
    if output == "json":
        print_document({"runs": msgspec.to_builtins(rows), "next": rows[-1].id if more else None})
    elif output == "ndjson":
        print_lines(msgspec.to_builtins(row) for row in rows)
    else:
        print_columns(_HEADS, [_cells(row) for row in rows], STATUS_COLORS)


@runs.command()
@click.argument("run", metavar="ID")
@option("--raw", is_flag=True, help="What went into steps and came out of them in full.")
@shared("state", "output")
def show(run: str, raw: bool, state: Path, output: Output) -> None:
    """Show one run: each step with its time, what went in and came out, and the line that asks for it.

    The beginning of the ID is enough, as long as no other has it.
    """
    with opened(state) as found:
        trace = found.runs.show(one_run(found, run, state).id)
    if trace is None:
        raise Stop(Exit.NOTHING, f"no run {run} under {state}")
    if output == "text":
        click.echo(describe(trace, raw=raw))
    else:
        document: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(trace))
        print_each(document, output)


@runs.command()
@click.argument("run", metavar="ID")
@option("--why", metavar="TEXT", default="", show_default=False, help="The reason, kept in the history.")
@shared("state", "server", "token_file", "output")
def cancel(
    run: str, why: str, state: Path, server: str | None, token_file: Path | None, output: Output
) -> Exit:
    """End a run, and what is open of its deliveries with it. A call that is being made still ends.

    ID is the whole id. The exit code is 3 when the run has ended before, and 5 when there is none.
    """
    path = f"/v1/runs/{quote(run, safe='')}/cancel"
    body = json.dumps({"why": why}).encode()
    said = ask(server, token_file, state, lambda client: client.post(path, body, "application/json")).body
    if output == "text":
        click.echo(printable(f"{said['id']}  being cancelled"))
    else:
        print_each(said, output)
    return Exit.FINE


def one_run(history: History, text: str, state: Path) -> RunRow:
    """The run that `text` names: its id, or as much of its beginning as no other has."""
    beginning = text if text.startswith("run_") else f"run_{text}"
    rows = history.runs.find(beginning, CANDIDATES + 1) if text.isascii() and text else []
    if not rows:
        raise Stop(Exit.NOTHING, f"no run {text} under {state}")
    if len(rows) > 1:
        named = [f"{row.id} ({row.status}, automation/{row.entity_id})" for row in rows]
        raise Stop(Exit.NOTHING, ambiguous(text, named))
    return rows[0]


def _cells(row: RunRow) -> tuple[str, ...]:
    waits = "" if row.begun or row.status != "In Queue" else "waits"
    reason = row.reason or waits
    return (second(row.accepted), row.id, row.status, row.entity_id, row.event_type, row.key or "-", reason)
