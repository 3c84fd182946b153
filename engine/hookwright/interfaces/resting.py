"""Endpoints that make no calls for a time, as history and metrics tell of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from hookwright.engine.errors import LedgerUnavailable
from hookwright.engine.ledger.ledger import Ledger


def rests(ledger: Ledger) -> Mapping[str, tuple[int, str]]:
    """The endpoints that make no calls now: until when (Unix ms), and why; none while the ledger is away."""
    try:
        return {name: (rest.until, rest.why) for name, rest in ledger.rests().items()}
    except LedgerUnavailable:
        return {}


def resting(ledger: Ledger) -> Mapping[str, int]:
    """How many endpoints make no calls now, by cause; empty while the ledger is away."""
    try:
        return Counter(rest.cause for rest in ledger.rests().values())
    except LedgerUnavailable:
        return {}
