"""The `batch` setting: read from merged settings, and held against its bounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from hookwright.schemas.grammar import duration, size
from hookwright.schemas.problem import Problem

from .bundle import Part
from .event import JSON
from .expression import Expression
from .expressions import expression_problems
from .merge import Layer
from .model import Batch

LONGEST_WINDOW = 7 * 86_400_000  # ms
SMALLEST, LARGEST = 1 << 10, 4 << 20  # bytes: what the door takes at once, a receiver of ours can take


def batch(merged: Layer) -> Batch | None:
    """How the subscriber of these valid settings collects its events; None when it does not."""
    written = merged.get("batch")
    if not isinstance(written, Mapping):
        return None
    said: dict[str, Any] = {"window": duration(str(written["window"]))}
    if "max_events" in written:
        said["max_events"] = int(cast("float", written["max_events"]))
    if "max_bytes" in written:
        said["max_bytes"] = size(str(written["max_bytes"]))
    if "key" in written:
        said["key"] = Expression.parse(str(written["key"]))
    if "on_too_large" in written:
        said["split"] = written["on_too_large"] == "split"
    return Batch(**said)


def batch_problems(part: Part) -> Iterator[Problem]:
    """What is wrong with the bounds and the key that stand in this part itself."""
    found = part.part("batch")
    if found is None:
        return
    yield from expression_problems(found, "key")
    window, most = found.value.get("window"), found.value.get("max_bytes")
    if _quantity(duration, window, 0) > LONGEST_WINDOW:
        yield found.problem("HW018", f"a window of {window} is too long", "window", hint="at most 7d")
    if not SMALLEST <= _quantity(size, most, LARGEST) <= LARGEST:
        message = f"a largest body of {most} is out of bounds"
        yield found.problem("HW018", message, "max_bytes", hint="at least 1KiB and at most 4MiB")


def lacks_window(merged: Layer) -> bool:
    """Whether settings that collect events leave open for how long, in every layer."""
    written = merged.get("batch")
    return isinstance(written, Mapping) and "window" not in written


def collects(merged: Layer) -> bool:
    """Whether these settings, valid or not, collect events."""
    return isinstance(merged.get("batch"), Mapping)


def _quantity(read: Any, written: JSON, otherwise: int) -> int:
    """`otherwise` for what is none: the schema says so."""
    try:
        return int(read(written)) if isinstance(written, str) else otherwise
    except ValueError:
        return otherwise
