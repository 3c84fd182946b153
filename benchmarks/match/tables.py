"""The results of a run as Markdown tables, aligned so that they read well as text, too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .compare import Comparison
from .footprint import Footprint
from .timing import Timing


def main_table(compared: Iterable[Comparison]) -> str:
    """The index and both loops over closures; times are CPU microseconds an event."""
    rows = [
        [
            each.workload.name,
            f"{each.matches:.2f}",
            _microseconds(each.parsed.get("index")),
            _microseconds(each.parsed.get("closures")),
            _times(each.ratio("closures")),
            _times(each.ratio("bare")),
            _microseconds(each.text.get("index")),
            _microseconds(each.text.get("closures")),
            _times(each.ratio("closures", text=True)),
        ]
        for each in compared
    ]
    loops = ["closures", "closures/index", "bare/index"]
    text = ["index, text", "closures, text", "closures/index, text"]
    return _table(["workload", "matches/event", "index", *loops, *text], rows)


def peer_table(compared: Iterable[Comparison]) -> str:
    """How many times the time of the index other libraries take."""
    names = ("moto", "zen", "zen decision")
    rows = [
        [each.workload.name, *(_peer(each, name) for name in names)]
        for each in compared
        if any(name in each.parsed for name in names)
    ]
    return _table(["workload", *names], rows)


def _peer(compared: Comparison, name: str) -> str:
    timing = compared.parsed.get(name)
    if timing is None:
        return "-"
    otherwise = f" ({timing.differing} of {timing.asked} answered otherwise)" if timing.differing else ""
    return f"{_times(compared.ratio(name))}{otherwise}"


def growth(compared: Sequence[Comparison]) -> str:
    """What the most patterns of the CRM cost against the fewest; empty with one size only."""
    sizes = [each for each in compared if each.workload.name.startswith("crm")]
    ends = [each.parsed["index"].microseconds for each in (sizes[:1] + sizes[-1:])]
    if len(sizes) < 2 or not all(ends):
        return ""
    first, last = sizes[0].workload.size, sizes[-1].workload.size
    return f"{last:,} patterns cost {(ends[1] or 0) / (ends[0] or 1):.1f} times what {first:,} cost.\n"


def footprint_table(measured: Iterable[Footprint]) -> str:
    """Compile time and memory."""
    rows = [
        [
            f"{each.patterns:,}",
            f"{each.compile_seconds:.2f} s",
            f"{each.bytes_a_pattern:,.0f} B",
            *(f"{size / 2**20:+.1f} MiB" for size in (each.warm, each.halfway, each.end)),
            f"{each.events:,}",
        ]
        for each in measured
    ]
    head = ["patterns", "compiled in", "memory a pattern", "after 2,000 events", "after half", "after all"]
    return _table([*head, "events"], rows)


def _microseconds(timing: Timing | None) -> str:
    return "-" if timing is None or timing.microseconds is None else f"{timing.microseconds:,.1f}"


def _times(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:,.1f}x"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, its columns aligned for reading as text."""
    lines = [list(head), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(_line(line, widths) for line in [lines[0], rule, *lines[1:]])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = [cell.rjust(width) for cell, width in zip(cells, widths, strict=True)]
    return f"| {first.strip().ljust(widths[0])} | {' | '.join(others)} |"
