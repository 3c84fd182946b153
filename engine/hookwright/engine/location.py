"""Writes the URL of a call: what the user wrote, untouched, and parameters appended to its query."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from .mask import REDACTED


def percent_encoded(text: str) -> str:
    """Safe as a name or value in a query. What UTF-8 cannot say (half a surrogate pair) becomes `?`."""
    return quote(text, safe="", errors="replace")


def location(url: str, query: Iterable[tuple[str, str, bool]]) -> tuple[str, str]:
    """The URL with the (name, value, is secret) pairs of `query`, as sent and as shown.

    A fragment is dropped: it is for the reader of a page, and never sent.
    """
    base = url.partition("#")[0]
    sent: list[str] = []
    shown: list[str] = []
    for name, value, secret in query:
        key = percent_encoded(name)
        sent.append(f"{key}={percent_encoded(value)}")
        shown.append(f"{key}={REDACTED}" if secret else sent[-1])
    return _joined(base, sent), _joined(base, shown)


def _joined(base: str, pairs: list[str]) -> str:
    if not pairs:
        return base
    if "?" not in base:
        return f"{base}?{'&'.join(pairs)}"
    separator = "" if base.endswith(("?", "&")) else "&"
    return base + separator + "&".join(pairs)
