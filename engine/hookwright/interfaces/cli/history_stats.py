"""`hookwright history stats`: how many deliveries ended how, and how long they took."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from hookwright.engine.delivery import Status
from hookwright.engine.history.stats import KEYS, Group

from .commands import command
from .options import option, shared
from .output import Output, print_columns, print_document, print_lines
from .selection import filtered, opened, wanted


@command()
@filtered
@option(
    "--by", type=click.Choice(tuple(KEYS)), default="subscriber", help="What to group by; code: 2xx, 5xx."
)
@shared("state", "output")
def stats(by: str, state: Path, output: Output, **filters: str | bool | None) -> None:
    """Count deliveries by group: how many ended how, tries, and the seconds the last tries took.

    Half of them took no longer than P50, 95 % no longer than P95.
    """
    with opened(state) as found:
        said = found.stats(by, wanted(filters))
    if output == "json":
        print_document(msgspec.to_builtins(said))
    elif output == "ndjson":
        print_lines({"by": by, **msgspec.to_builtins(group)} for group in said.groups)
    else:
        rows = [_cells(group, group.key or "-") for group in said.groups]
        heads = (by.upper(), "ALL", *(status.upper() for status in Status), "TRIES", "P50", "P95")
        print_columns(heads, [*rows, _cells(said.total, "total")], {})


def _cells(group: Group, name: str) -> tuple[str, ...]:
    numbers = (group.count, *(group.statuses[status] for status in Status), group.attempts)
    return name, *map(str, numbers), _seconds(group.p50), _seconds(group.p95)


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
