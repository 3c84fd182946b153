"""The `disable_after` setting: what switches an endpoint off by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from hookwright.schemas.grammar import duration

from .event import JSON
from .model import FailureLimit


def failures(written: JSON) -> int | None:
    """How many failed deliveries in a row `{failures: 10}` allows; `false` and nothing at all know no end."""
    return _whole(written["failures"]) if isinstance(written, Mapping) and "failures" in written else None


def disable_when(written: JSON) -> FailureLimit | None:
    """What else switches an endpoint off: `for` with `tries`, and `status`; None when nothing does."""
    if not isinstance(written, Mapping):
        return None
    said: dict[str, Any] = {}
    if "for" in written:
        said["lasting"] = duration(str(written["for"]))
        said["tries"] = _whole(written.get("tries", 1))
    if "status" in written:
        said["statuses"] = tuple(sorted({_whole(each) for each in cast("list[JSON]", written["status"])}))
    return FailureLimit(**said) if said else None


def _whole(written: JSON) -> int:
    """A whole number; `4.0` is one in JSON."""
    return int(cast("float", written))
