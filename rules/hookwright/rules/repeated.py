"""`order_by` and `dedupe`: read from merged settings; neither goes with collected events."""

from __future__ import annotations

from collections.abc import Mapping

from hookwright.schemas.grammar import duration

from .expression import Expression
from .merge import Layer
from .model import Dedupe

KEYS = ("order_by", "dedupe")

CLASH = {
    "order_by": (
        "`order_by` means nothing where `batch` collects events: a list has its order already",
        "switch one of them off; `batch: false` sends each event by itself",
    ),
    "dedupe": (
        "`dedupe` cannot be used where `batch` collects events yet",
        "switch one of them off; `batch: false` sends each event by itself",
    ),
}
"""What is said of each, and what to do, where events are collected."""


def order_by(merged: Layer) -> Expression | None:
    """What tells apart the deliveries of these valid settings that need not wait for each other."""
    written = merged.get("order_by")
    return Expression.parse(written) if isinstance(written, str) else None


def dedupe(merged: Layer) -> Dedupe | None:
    """How the subscriber of these valid settings tells repeated events; None when it does not."""
    written = merged.get("dedupe")
    if not isinstance(written, Mapping):
        return None
    return Dedupe(Expression.parse(str(written["key"])), duration(str(written["window"])))
