"""Filters of runs as people write them, on the command line and in URLs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hookwright.engine.history.run_view import RunFilter

from .filters import BadFilter, read_filter

PARAMETERS = ("status", "automation", "event", "eventType", "since", "until", "open")


def read_run_filter(words: Mapping[str, str], now: int) -> RunFilter:
    """The filter that `words` describe; `now` is Unix milliseconds. Raises `BadFilter`."""
    shared: dict[str, str | None] = {
        name: words.get(shown)
        for name, shown in (("status", "status"), ("since", "since"), ("until", "until"), ("open", "open"))
    }
    kind = {"event_type": words.get("eventType")}
    found: Any = read_filter({**shared, **kind}, now)
    return RunFilter(
        status=found.status,
        automation=_automation(words.get("automation")),
        event_id=words.get("event"),
        event_type=found.event_type,
        since=found.since,
        until=found.until,
        open=bool(found.open),
    )


def _automation(text: str | None) -> str | None:
    """`welcome`, or `automation/welcome`."""
    if text is None:
        return None
    kind, slash, identifier = text.rpartition("/")
    if slash and kind != "automation":
        raise BadFilter("automation", f"{text!r} is no automation")
    return identifier
