"""`hookwright history`: what was sent, what came back, what is still open. Read from the files on disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec

from hookwright.engine.history import History, HistoryUnavailable
from hookwright.engine.row import Filter, Row

from ..filters import BadFilter, read_filter
from ..printable import printable
from .colors import STATUS_COLORS
from .commands import Command
from .delivery_text import describe
from .exits import Exit, Stop
from .options import AnyFunction, option, shared
from .output import Output, print_columns, print_document, print_each, print_lines

_HEADS = ("ACCEPTED", "DELIVERY", "STATUS", "SUBSCRIBER", "EVENT", "TRIES", "LAST")


class _History(click.Group):
    command_class = Command


@click.group(cls=_History, context_settings={"help_option_names": ["-h", "--help"]})
def history() -> None:
    """Look at deliveries: what was sent, what came back, what is still open.

    The files under --state are read; no server has to run.
    """


_FILTERS = (
    option("--status", metavar="STATUS", help="In Queue, Success, Failure, Cancelled or Skipped."),
    option("--subscriber", metavar="ID", help="leads-to-erp, or webhook/leads-to-erp."),
    option("--entity-type", metavar="TYPE", help="webhook, rule or automation."),
    option("--event-type", metavar="TYPE", help="Type of the event."),
    option("--event", metavar="ID", help="Id of the event."),
    option("--error", metavar="CLASS", help="Class of the last error: timeout, dns, status, …"),
    option("--code", metavar="CODE", help="Last HTTP status, 503 or 5xx."),
    option("--since", metavar="TIME", help="Accepted since 2026-11-23T21:04:02Z, or 7d ago."),
    option("--until", metavar="TIME", help="Accepted before that time, or so long ago."),
)


def _filtered(function: AnyFunction) -> AnyFunction:
    for decorate in reversed(_FILTERS):
        function = decorate(function)
    return function


@history.command("list")
@_filtered
@option("-n", "--limit", type=click.IntRange(1, 100_000), default=50, help="How many, newest first.")
@shared("state", "output")
def list_(limit: int, state: Path, output: Output, **filters: str | None) -> None:
    """List deliveries, the newest first."""
    wanted = _wanted(filters)
    with _opened(state) as found:
        rows = found.list(wanted, limit)
    if output == "json":
        print_document({"deliveries": [_as_json(row) for row in rows]})
    elif output == "ndjson":
        print_lines(_as_json(row) for row in rows)
    else:
        print_columns(_HEADS, [_cells(row) for row in rows], STATUS_COLORS)


@history.command()
@click.argument("delivery", metavar="ID")
@shared("state", "output")
def show(delivery: str, state: Path, output: Output) -> None:
    """Show one delivery: each attempt with its request and its response, secrets redacted."""
    with _opened(state) as found:
        detail = found.show(delivery)
    if detail is None:
        raise Stop(Exit.NOTHING, f"no delivery {delivery} under {state}")
    if output == "text":
        click.echo(describe(detail))
    else:
        print_each(detail.document(), output)


@history.command()
@_filtered
@option("-n", "--limit", type=click.IntRange(0, 100_000), default=10, help="How many of those there are.")
@option("-f", "--follow", is_flag=True, help="Go on with every change until Ctrl-C.")
@shared("state", "output")
def tail(limit: int, follow: bool, state: Path, output: Output, **filters: str | None) -> None:
    """Print the last deliveries, oldest first, and with -f each change of any."""
    wanted = _wanted(filters)
    with _opened(state) as found:
        changes = found.follow(threading.Event()) if follow else ()  # from before the list, so none is missed
        for row in reversed(found.list(wanted, limit) if limit else []):
            _print_change(row, output)
        fits = _fitting(wanted)
        for row in changes:
            if fits(row):
                _print_change(row, output)


@contextmanager
def _opened(state: Path) -> Iterator[History]:
    if not state.is_dir():
        raise Stop(Exit.NOTHING, f"nothing at {state}; name the server's folder with --state")
    try:
        with History(state) as found:
            yield found
    except HistoryUnavailable as error:
        raise Stop(Exit.UNREACHABLE, str(error)) from None


def _wanted(filters: dict[str, str | None]) -> Filter:
    try:
        return read_filter(filters, int(time.time() * 1000))
    except BadFilter as bad:
        raise click.BadParameter(str(bad), param_hint=f"--{bad.name.replace('_', '-')}") from None


def _fitting(wanted: Filter) -> Callable[[Row], bool]:
    """`wanted` as a question about a row, for changes as they come; the acceptance's time does not matter."""
    names = ("status", "entity_type", "entity_id", "event_type", "event_id", "error")
    asked = {name: getattr(wanted, name) for name in names if getattr(wanted, name) is not None}

    def fits(row: Row) -> bool:
        code = wanted.code
        answered = code is None or (row.code or 0) // (100 if code < 10 else 1) == code
        return answered and all(getattr(row, name) == value for name, value in asked.items())

    return fits


def _cells(row: Row) -> tuple[str, ...]:
    when = row.accepted[:19].replace("T", " ")
    subscriber = "/".join(part for part in (row.entity_type, row.entity_id, row.action) if part)
    return when, row.id, row.status, subscriber, row.event_type, str(row.attempts), _last(row)


def _last(row: Row) -> str:
    """The last answer or error, and what an open delivery waits for."""
    parts = [str(row.code) if row.code else "", row.error if row.error not in (None, "status") else ""]
    if row.next is not None:
        parts.append(f"next {row.next[11:19]}")
    return " ".join(part for part in parts if part)


def _print_change(row: Row, output: Output) -> None:
    if output != "text":
        print_each(_as_json(row), output)
        return
    _, identifier, status, subscriber, event, tries, last = _cells(row)
    colored = click.style(f"{status:<9}", fg=STATUS_COLORS.get(status))
    when = row.updated[:19].replace("T", " ")
    click.echo(
        f"{when}  {identifier}  {colored}  {printable(f'{subscriber}  {event}  {tries}  {last}').rstrip()}"
    )


def _as_json(row: Row) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(row)
    return document
