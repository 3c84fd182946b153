"""Writes the URL of a call: what the user wrote, untouched, and parameters appended to its query."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from hookwright.rules.model import Subscriber

from .mask import REDACTED


@dataclass(frozen=True, slots=True)
class Location:
    """The URL of an endpoint's calls, but for what differs from one to the next.

    `head` is what the user wrote with the query of the settings; `tail` the entity parameters up to
    `eventType=`, or "". `whole` is both.
    """

    head: str
    tail: str
    whole: str

    def url(self, event_type: str, data: str = "") -> str:
        """The URL for an event type (percent-encoded; "" without a tail), and data to stand in the query."""
        return _appended(self.head, data, self.tail + event_type) if data else self.whole + event_type


def locate(url: str, query: Iterable[tuple[str, str, bool]], tail: str) -> tuple[Location, Location]:
    """Where calls go with the (name, value, is secret) pairs of `query`, as sent and as shown.

    A fragment is dropped: it is for the reader of a page, and never sent.
    """
    base = url.partition("#")[0]
    sent: list[str] = []
    shown: list[str] = []
    for name, value, secret in query:
        key = percent_encoded(name)
        sent.append(f"{key}={percent_encoded(value)}")
        shown.append(f"{key}={REDACTED}" if secret else sent[-1])
    heads = _appended(base, *sent), _appended(base, *shown)
    one, other = (Location(head, tail, _appended(head, tail)) for head in heads)
    return one, other


def entity_params(subscriber: Subscriber) -> str:
    """The parameters that say what asked for a call, all but the event type itself."""
    return f"entityType={subscriber.entity_type.value}&entityId={percent_encoded(subscriber.id)}&eventType="


def percent_encoded(text: str) -> str:
    """Safe as a name or value in a query. What UTF-8 cannot say (half a surrogate pair) becomes `?`."""
    return quote(text, safe="", errors="replace")


def injected_url(injected: str, url: str, shown: str) -> str:
    """The URL an injector edited, for the record: what it added is hidden, or else the whole query."""
    if injected == url:
        return shown
    if injected.startswith(url):
        return f"{shown}&{REDACTED}"
    return f"{shown.partition('?')[0]}?{REDACTED}"


def _appended(base: str, *pairs: str) -> str:
    added = "&".join(pair for pair in pairs if pair)
    if not added:
        return base
    path, _, query = base.partition("?")
    between = "&" if query and not query.endswith("&") else ""
    return f"{path}?{query}{between}{added}"
