"""`hookwright demo`: the main job in front of your eyes, with nothing to set up."""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Protocol

import click

from hookwright.engine.delivery import Status
from hookwright.engine.history.row import Row

from ..demonstration import DemoFailed, Demonstration, demonstrate
from .colors import STATUS_COLORS
from .commands import command
from .exits import Exit, Stop
from .options import option
from .output import note
from .rates import PerSecond

SHOWN = 18  # rows of the live view
LOOK_SECONDS = 0.15
PATIENCE = 120.0  # seconds without any change after which something is wrong


class View(Protocol):
    """Shows deliveries as they change."""

    def update(self, rows: Sequence[Row], events: int) -> None: ...


@command()
@option(
    "--events", type=click.IntRange(1), metavar="N", help="Leave once N events came through. Default: Ctrl-C."
)
@option("--rate", type=PerSecond(0.1, 1000), default=8.0, help="Events a second.")
@option("--workers", type=click.IntRange(1, 16), default=1, help="Worker processes.")
@option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to run in and to leave behind. Default: a temporary one.",
)
def demo(events: int | None, rate: float, workers: int, keep: Path | None) -> Exit:
    """Run a receiver, a server and a stream of events; some deliveries wait, some fail, some are retried.

    On a terminal the view is live; piped, each change is a line.
    """
    where = nullcontext(str(keep)) if keep else tempfile.TemporaryDirectory(prefix="hookwright-demo-")
    try:
        with where as name:
            note("starting a receiver, a server and a worker ...")
            with demonstrate(Path(name), workers=workers) as running, ExitStack() as stack:
                view: View = stack.enter_context(Live()) if sys.stdout.isatty() else Lines()
                rows = _story(running, view, events, rate)
            _sum_up(rows, keep)
    except DemoFailed as error:
        raise Stop(Exit.NO, str(error)) from None
    return Exit.FINE


def _story(running: Demonstration, view: View, events: int | None, rate: float) -> Sequence[Row]:
    """Send events at their rate and show what becomes of them, until all came through."""
    began = changed = time.monotonic()
    sent = 0
    expected: set[str] = set()
    rows: Sequence[Row] = ()
    while True:
        while (events is None or sent < events) and time.monotonic() >= began + sent / rate:
            expected.update(running.emit())
            sent += 1
        found = running.rows(limit=max(SHOWN, len(expected)))
        changed = time.monotonic() if found != rows else changed
        rows = found
        view.update(rows, sent)
        ended = {row.id for row in rows if row.status != Status.IN_QUEUE}
        if sent == events and expected <= ended:
            return rows
        if time.monotonic() - changed > PATIENCE:
            raise DemoFailed(f"nothing has happened for {PATIENCE:g} s; see {running.folder / 'serve.log'}")
        time.sleep(LOOK_SECONDS)


class Lines:
    """A line for every change of a delivery."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[str, int]] = {}

    def update(self, rows: Sequence[Row], events: int) -> None:  # noqa: ARG002  # a line says it all
        for row in reversed(rows):
            now = (row.status, row.attempts)
            if self._seen.get(row.id) != now:
                self._seen[row.id] = now
                click.echo("  ".join(_cells(row)))


def _cells(row: Row) -> tuple[str, ...]:
    answer = str(row.code) if row.code else row.error or ""
    tries = f"{row.attempts} {'try' if row.attempts == 1 else 'tries'}"
    who = f"{row.entity_type}/{row.entity_id}"
    return row.updated[11:19], f"{row.status:<9}", f"{who:<22}", f"{row.event_type:<24}", tries, answer


class Live:
    """The newest deliveries in a table that stays where it is."""

    def __enter__(self) -> Live:
        from rich.live import Live as Display  # noqa: PLC0415  # only a terminal needs it

        self._live = Display(auto_refresh=False)
        self._live.__enter__()
        return self

    def __exit__(self, *exit_: object) -> None:
        self._live.__exit__(None, None, None)

    def update(self, rows: Sequence[Row], events: int) -> None:
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        counts = Counter(row.status for row in rows)
        title = f"{events} events   " + "   ".join(
            f"{name}: {counts.get(name, 0)}" for name in Status if counts.get(name)
        )
        table = Table(
            "time", "status", "subscriber", "event", "tries", "answer", title=title, title_justify="left"
        )
        for row in rows[:SHOWN]:
            at, status, *rest = _cells(row)
            table.add_row(at, Text(status, STATUS_COLORS[row.status]), *map(Text, rest))
        self._live.update(table, refresh=True)


def _sum_up(rows: Sequence[Row], keep: Path | None) -> None:
    counts = Counter(row.status for row in rows)
    said = ", ".join(f"{number} {status}" for status, number in sorted(counts.items()))
    note(f"{len(rows)} deliveries: {said}")
    if keep:
        note(f"look closer: hookwright history list --state {keep / 'state'}")
