"""The colours of the five status words; the words are always there too."""

from __future__ import annotations

from hookwright.engine.delivery import Status

STATUS_COLORS: dict[str, str] = {
    Status.IN_QUEUE: "yellow",
    Status.SUCCESS: "green",
    Status.FAILURE: "red",
    Status.CANCELLED: "magenta",
    Status.SKIPPED: "cyan",
}
