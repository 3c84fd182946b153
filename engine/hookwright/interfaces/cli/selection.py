"""Choosing deliveries on the command line: filters that commands share, ids by their beginning."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from hookwright.engine.history.history import History
from hookwright.engine.history.index_view import HistoryUnavailable
from hookwright.engine.history.row import Filter, Row

from ..filters import KINDS, PARAMETERS, BadFilter, read_filter
from .exits import Exit, Stop
from .options import AnyFunction, option
from .row_text import subscriber

CANDIDATES = 10  # deliveries named when the beginning of an id is not enough

_FILTERS = (
    option("--status", metavar="STATUS", help="In Queue, Success, Failure, Cancelled or Skipped."),
    option("--open", is_flag=True, help="Only what has not ended: the same as --status in-queue."),
    option("--undelivered", is_flag=True, help="Only what has ended without Success; the reason says why."),
    option("--subscriber", metavar="ID", help="leads-to-erp, or webhook/leads-to-erp."),
    option("--entity-type", metavar="TYPE", help="webhook, rule or automation."),
    option(
        "-t",
        "--type",
        "--event-type",
        "event_type",
        metavar="TYPE",
        help="Type of the event; Lead_* is a glob, Lead Creation the catalogue's name.",
    ),
    option("--event", metavar="ID", help="Id of the event; finds what went into a batch, too."),
    option("--message", metavar="ID", help="Id of the message (webhook-id): a delivery and its replays."),
    option("--kind", metavar="KIND", help=f"What opened it: {', '.join(KINDS)}."),
    option("--batch", metavar="ID", help="What went into this batch."),
    option("--notices", is_flag=True, help="Notices of failures as well."),
    option("--test/--no-test", default=None, help="Only pings of a person, or none of them."),
    option("--url", metavar="TEXT", help="Part of the URL the last request went to."),
    option("--error", metavar="CLASS", help="Class of the last error: timeout, dns, status, …"),
    option("--code", metavar="CODE", help="Last HTTP status, 503 or 5xx."),
    option("--since", metavar="TIME", help="Accepted since 2026-11-23T21:04:02Z, or 7d ago."),
    option("--until", metavar="TIME", help="Accepted before that time, or so long ago."),
)


def filtered(function: AnyFunction) -> AnyFunction:
    """Adds the filters; the command gets them as keywords and hands them to `wanted`."""
    for decorate in reversed(_FILTERS):
        function = decorate(function)
    return function


def wanted(filters: dict[str, str | bool | None]) -> Filter:
    """The filter that the options describe. A wrong value is a usage error."""
    try:
        return read_filter(_texts(filters), int(time.time() * 1000))
    except BadFilter as bad:
        flag = "type" if bad.name == "event_type" else bad.name.replace("_", "-")
        raise click.BadParameter(str(bad), param_hint=f"--{flag}") from None


def words(filters: dict[str, str | bool | None]) -> dict[str, str]:
    """The same filter as the API reads it. A wrong value is a usage error."""
    wanted(filters)
    texts = _texts(filters)
    return {shown: text for shown, name in PARAMETERS.items() if (text := texts.get(name)) is not None}


def _texts(filters: dict[str, str | bool | None]) -> dict[str, str | None]:
    texts = {name: _text(value) for name, value in filters.items()}
    for name in ("open", "undelivered", "notices"):  # flags that are not given are not asked for
        texts[name] = texts[name] if texts.get(name) == "true" else None
    return texts


def _text(value: str | bool | None) -> str | None:
    return str(value).lower() if isinstance(value, bool) else value


@contextmanager
def opened(state: Path) -> Iterator[History]:
    """The history in a state folder; what it cannot give ends the command."""
    if not state.is_dir():
        raise Stop(Exit.NOTHING, f"nothing at {state}; name the server's folder with --state")
    try:
        with History(state) as found:
            yield found
    except HistoryUnavailable as error:
        raise Stop(Exit.UNREACHABLE, str(error)) from None


def one(history: History, text: str, state: Path) -> Row:
    """The delivery that `text` names: its id, or as much of its beginning as no other has."""
    try:
        beginning = read_filter({"id": text}, 0).id
    except BadFilter:
        beginning = None
    rows = history.find(beginning, CANDIDATES + 1) if beginning else []
    if not rows:
        raise Stop(Exit.NOTHING, f"no delivery {text} under {state}")
    if len(rows) > 1:
        raise Stop(
            Exit.NOTHING, ambiguous(text, [f"{row.id} ({row.status}, {subscriber(row)})" for row in rows])
        )
    return rows[0]


def ambiguous(text: str, found: list[str]) -> str:
    """What to say of a beginning that several ids have; `found` are some of them, in words."""
    more = ", …" if len(found) > CANDIDATES else ""
    return f"{text} begins several ids, give more of one: {', '.join(found[:CANDIDATES])}{more}"
