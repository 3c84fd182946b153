"""`hookwright history`: what was sent, what came back, what is still open. Read from the files on disk."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import msgspec

from hookwright.engine.history.detail import Detail, Request
from hookwright.engine.history.history import History
from hookwright.engine.history.row import Filter, Row

from ..curl_command import curl_command
from ..printable import printable
from .colors import STATUS_COLORS
from .commands import Command
from .delivery_text import BODY_LIMIT, View, describe
from .exits import Exit, Stop
from .history_stats import stats
from .options import option, shared
from .output import Output, print_columns, print_document, print_each, print_lines
from .row_text import event, last, second, subscriber
from .selection import filtered, one, opened, wanted

_HEADS = ("TRANSMITTED", "DELIVERY", "STATUS", "SUBSCRIBER", "EVENT", "TRIES", "LAST")
_MORE_HEADS = ("TOOK", "RECEIVER", "EVENT ID", "ACCEPTED", "URL")
_PAGE = 500


class _History(click.Group):
    command_class = Command


@click.group(cls=_History, context_settings={"help_option_names": ["-h", "--help"]})
def history() -> None:
    """Look at deliveries: what was sent, what came back, what is still open.

    The files under --state are read; no server has to run.
    """


history.add_command(stats)


@history.command("list")
@filtered
@option("-n", "--limit", type=click.IntRange(1, 100_000), default=50, help="How many, newest first.")
@option("--before", metavar="ID", help="Go on after this delivery: those older than it.")
@option("-w", "--wide", is_flag=True, help="All columns, however long the lines become.")
@shared("state", "output")
def list_(
    limit: int, before: str | None, wide: bool, state: Path, output: Output, **filters: str | bool | None
) -> None:
    """List deliveries, the newest first: transmitted when, to whom, for which event, and what came back.

    A batch is one delivery; notices are left out unless asked for. On a terminal times are local, else UTC.
    """
    asked = wanted(filters)
    with opened(state) as found:
        last_seen = one(found, before, state).id if before else None
        rows = found.list(asked, limit + 1, last_seen)
        if output == "text" and sys.stdout.isatty() and not wide:
            _print_table(found, asked, rows, limit)
            return
    rows, more = rows[:limit], len(rows) > limit
    if output == "json":
        print_document({"deliveries": [_as_json(row) for row in rows], "next": rows[-1].id if more else None})
    elif output == "ndjson":
        print_lines(_as_json(row) for row in rows)
    else:
        print_rows(rows, wide=wide)


def print_rows(rows: Sequence[Row], *, wide: bool = False) -> None:
    """Rows in plain columns, the same on every machine: times in UTC, ids whole."""
    if wide:
        print_columns((*_HEADS, *_MORE_HEADS), [(*_cells(row), *_more(row)) for row in rows], STATUS_COLORS)
    else:
        print_columns(_HEADS, [_cells(row) for row in rows], STATUS_COLORS)


def _print_table(found: History, asked: Filter, rows: list[Row], limit: int) -> None:
    from .history_table import Listed, print_table, terminal  # noqa: PLC0415  # rich is for terminals only

    listed = Listed(rows[:limit], found.counts(asked), more=len(rows) > limit)
    print_table(terminal(color=click.get_current_context().color), listed)


@history.command()
@click.argument("delivery", metavar="ID")
@option("--curl", is_flag=True, help="Print the request of one attempt as a curl command, secrets redacted.")
@option(
    "--attempt",
    type=click.IntRange(1),
    metavar="N",
    help="Only this attempt. Default: all, or with --curl the last.",
)
@option("--raw", is_flag=True, help="Data sent and received as they are and in full, on a terminal too.")
@shared("state", "output")
def show(delivery: str, curl: bool, attempt: int | None, raw: bool, state: Path, output: Output) -> None:
    """Show one delivery: each attempt with its request and its response, secrets redacted.

    The beginning of the ID is enough, as long as no other has it.
    """
    with opened(state) as found:
        detail = found.show(one(found, delivery, state).id)
    if detail is None:
        raise Stop(Exit.NOTHING, f"no delivery {delivery} under {state}")
    if attempt is not None:
        detail = _only(detail, attempt)
    if curl:
        click.echo(curl_command(_last_request(detail)))
    elif output == "text":
        click.echo(
            describe(
                detail, View(laid_out=sys.stdout.isatty() and not raw, limit=None if raw else BODY_LIMIT)
            )
        )
    else:
        print_each(detail.document(), output)


def _only(detail: Detail, attempt: int) -> Detail:
    tries = tuple(each for each in detail.attempts if each.attempt == attempt)
    if not tries:
        raise Stop(Exit.NOTHING, f"{detail.row.id} has no attempt {attempt}")
    return replace(detail, attempts=tries)


def _last_request(detail: Detail) -> Request:
    requests = [each.request for each in detail.attempts if each.request is not None]
    if not requests:
        batch = f"; it went out in the batch {detail.row.batch}" if detail.row.batch else ""
        raise Stop(Exit.NOTHING, f"{detail.row.id}: no request was made{batch}")
    return requests[-1]


@history.command()
@filtered
@option("-n", "--limit", type=click.IntRange(0, 100_000), default=10, help="How many of those there are.")
@option("-f", "--follow", is_flag=True, help="Go on with every change until Ctrl-C.")
@shared("state", "output")
def tail(limit: int, follow: bool, state: Path, output: Output, **filters: str | bool | None) -> None:
    """Print the last deliveries, oldest first, and with -f each change of any."""
    asked = wanted(filters)
    with opened(state) as found:
        # The changes begin before the list does, so none is missed.
        changes = found.follow(threading.Event(), asked) if follow else ()
        for row in reversed(found.list(asked, limit) if limit else []):
            _print_change(row, output)
        for row in changes:
            _print_change(row, output)


@history.command()
@filtered
@option("-n", "--limit", type=click.IntRange(1), help="How many, newest first. Default: all.")
@shared("state")
def export(limit: int | None, state: Path, **filters: str | bool | None) -> None:
    """Write deliveries in full, a JSON object a line, newest first: what `show -o ndjson` prints of each."""
    asked = wanted(filters)
    with opened(state) as found:
        print_lines(detail.document() for detail in _details(found, asked, limit))


def _details(history: History, asked: Filter, limit: int | None) -> Iterator[Detail]:
    """Page by page, so that a history of any length can be written."""
    seen, last_seen = 0, None
    while limit is None or seen < limit:
        page = _PAGE if limit is None else min(_PAGE, limit - seen)
        rows = history.list(asked, page, last_seen)
        for row in rows:
            detail = history.show(row.id)
            if detail is not None:
                yield detail
        if len(rows) < page:
            return
        seen, last_seen = seen + len(rows), rows[-1].id


def _cells(row: Row) -> tuple[str, ...]:
    return (
        second(row.transmitted),
        row.id,
        row.status,
        subscriber(row),
        event(row),
        str(row.attempts),
        last(row),
    )


def _more(row: Row) -> tuple[str, ...]:
    took = "-" if row.took is None else f"{row.took:.3f}"
    said = f"{row.receiver.status}: {row.receiver.reason}".rstrip(": ") if row.receiver else "-"
    return took, printable(said, 80), row.event_id, second(row.accepted), row.url or "-"


def _print_change(row: Row, output: Output) -> None:
    if output != "text":
        print_each(_as_json(row), output)
        return
    _, identifier, status, *rest = _cells(row)
    colored = click.style(f"{status:<9}", fg=STATUS_COLORS.get(status))
    when = row.updated[:19].replace("T", " ")
    click.echo(f"{when}  {identifier}  {colored}  {printable('  '.join(rest)).rstrip()}")


def _as_json(row: Row) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(row)
    return document
