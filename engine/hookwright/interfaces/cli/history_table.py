"""The history as a table on a terminal: as many columns as fit, the status first, what to do next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hookwright.engine.delivery import Status
from hookwright.engine.history.row import Row

from ..printable import printable
from .colors import STATUS_COLORS, symbol
from .row_text import answer, label, local, marks, place, subscriber, zone_name

SHORT = 12  # characters of an id: enough to name a delivery to the other commands
_GAP = 2


@dataclass(frozen=True, slots=True)
class Listed:
    """What a table shows: rows, how many deliveries of each status fit the filter, and whether more follow.

    `zone` is the time zone of what is shown; None is this machine's.
    """

    rows: Sequence[Row]
    counts: Mapping[str, int]
    more: bool = False
    zone: tzinfo | None = None


@dataclass(frozen=True, slots=True)
class _Column:
    """`cell` gives a row's text. Where it is too wide, down to `least` it is cut, or with `fold` broken."""

    head: str
    cell: Callable[[Row], Text]
    least: int | None = None
    fold: bool = False
    right: bool = False


def terminal(*, color: bool | None) -> Console:
    """Standard output as rich sees it. `color` False: none; None leaves it to the terminal and NO_COLOR."""
    return Console(highlight=False, no_color=True if color is False else None)


def print_table(console: Console, listed: Listed) -> None:
    """The table for the console's width, and under it the counts and how to see more."""
    if listed.rows:
        console.print(_table(listed, console.width))
        console.print()
    console.print(_counted(listed))
    for line in _hints(listed):
        console.print(Text(line, style="dim"))


def _table(listed: Listed, width: int) -> Table:
    columns = _columns(width, listed.zone)
    cells = [[each.cell(row) for each in columns] for row in listed.rows]
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for each, room in zip(columns, _widths(columns, cells, width), strict=True):
        table.add_column(
            each.head,
            justify="right" if each.right else "left",
            overflow="fold" if each.fold else "ellipsis",
            no_wrap=not each.fold,
            width=room,
        )
    for row in cells:
        table.add_row(*row)
    return table


def _columns(width: int, zone: tzinfo | None) -> list[_Column]:
    """What fits into `width`: full ids go first, then the URL, years, seconds and tries, then the event."""
    roomy = width >= 100
    columns = [
        _Column("STATUS", _status),
        _Column("TRANSMITTED", lambda row: _when(row, zone, full=roomy)),
        _Column("EVENT", _event, least=10),
        _Column("SUBSCRIBER", lambda row: _subscriber(row, full=width >= 120), least=10, fold=True),
        _Column("TRIES", lambda row: Text(str(row.attempts)), right=True),
        _Column("LAST", lambda row: _last(row, zone, width), least=14 if roomy else 7, fold=True),
        _Column("SENT TO", lambda row: Text(printable(place(row)), "dim"), least=16),
        _Column("DELIVERY", lambda row: Text(row.id if width >= 150 else row.id[:SHORT], "cyan")),
    ]
    needed = {"SENT TO": 140, "TRIES": 100, "EVENT": 70, "LAST": 60, "TRANSMITTED": 50, "SUBSCRIBER": 38}
    return [each for each in columns if width >= needed.get(each.head, 0)]


def _widths(columns: Sequence[_Column], cells: Sequence[Sequence[Text]], width: int) -> list[int]:
    """Each column as wide as its widest cell, and the ones that can be narrower so until all fit."""
    found = [
        max(cell_len(column.head), *(cell_len(row[index].plain) for row in cells))
        for index, column in enumerate(columns)
    ]
    over = sum(found) + _GAP * (len(found) - 1) - width
    while over > 0:
        wide = [
            (found[index] - column.least, index)
            for index, column in enumerate(columns)
            if column.least is not None and found[index] > column.least
        ]
        if not wide:
            break
        found[max(wide)[1]] -= 1
        over -= 1
    return found


def _status(row: Row) -> Text:
    return Text(f"{symbol(row.status)} {row.status}", STATUS_COLORS[row.status])


def _when(row: Row, zone: tzinfo | None, *, full: bool) -> Text:
    if row.transmitted is None:
        return Text("not yet" if row.next or row.state in _COMING else "never", "dim")
    return Text(f"{local(row.transmitted, zone):{'%Y-%m-%d %H:%M:%S' if full else '%m-%d %H:%M'}}")


_COMING = {"waiting", "ready", "in_flight", "retrying", "held"}


def _event(row: Row) -> Text:
    text = Text()
    for mark in marks(row):  # first, so that cutting a long name never hides them
        text.append(f"[{mark}] ", "bold")
    return text.append(printable(label(row.event_type)))


def _subscriber(row: Row, *, full: bool) -> Text:
    if full:
        return Text(printable(subscriber(row)))
    return Text(printable("/".join(part for part in (row.entity_id, row.action) if part)))


def _last(row: Row, zone: tzinfo | None, width: int) -> Text:
    """The answer; where tries have no column, how many there were; where there is room, what comes next.

    Of what was not sent yet it is the inner state.
    """
    text = Text(printable(answer(row)))
    if not text and row.status == Status.IN_QUEUE:
        text.append(row.state.replace("_", " "), "dim")
    if row.receiver is not None and row.receiver.status == "Error":
        text.append(" Error", "red")
    if width >= 170 and row.next is not None:
        text.append(f" next {local(row.next, zone):%H:%M:%S}", "dim")
    elif width < 100 and row.attempts > 1:
        text.append(f" x{row.attempts}", "dim")
    return text


def _counted(listed: Listed) -> Text:
    total = sum(listed.counts.values())
    shown = f"{len(listed.rows):,} of {total:,}" if listed.more else f"{total:,}"
    text = Text(f"{shown} {'delivery' if total == 1 else 'deliveries'}")
    for status, number in listed.counts.items():
        if number:
            text.append("   ").append(f"{symbol(status)} {number:,} {status}", STATUS_COLORS[status])
    return text


def _hints(listed: Listed) -> Iterator[str]:
    if listed.rows:
        yield f"times in {zone_name(listed.zone)} · one in full: hookwright history show ID"
    if listed.more:
        yield f"older: hookwright history list --before {listed.rows[-1].id[:SHORT]}"
