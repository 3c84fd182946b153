"""The colours and the symbols of status words and of switches; the words are always there too."""

from __future__ import annotations

import sys

from hookwright.engine.delivery import Status

STATUS_COLORS: dict[str, str] = {
    Status.IN_QUEUE: "yellow",
    Status.SUCCESS: "green",
    Status.FAILURE: "red",
    Status.CANCELLED: "magenta",
    Status.SKIPPED: "cyan",
}
SWITCH_COLORS: dict[str, str] = {"enabled": "green", "disabled": "red", "paused": "yellow"}
_SYMBOLS: dict[str, tuple[str, str]] = {  # and for a terminal that knows no more than ASCII
    Status.IN_QUEUE: ("…", "~"),
    Status.SUCCESS: ("✓", "+"),
    Status.FAILURE: ("✗", "x"),
    Status.CANCELLED: ("⊘", "/"),
    Status.SKIPPED: ("»", ">"),
}


def symbol(status: str) -> str:
    """One character for a status, which standard output can show."""
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "")
    full, plain = _SYMBOLS[status]
    return full if encoding.startswith("utf") else plain
