"""Calls without a body carry their data in the query: what stands there, and when it is too much."""

from __future__ import annotations

import json

from hookwright.plugins.content_types import bare_type
from hookwright.plugins.errors import EncodeError
from hookwright.plugins.fields import urlencoded
from hookwright.rules.model import SecretReference, Subscriber, Target
from hookwright.rules.targets import QUERY_ENCODER, QUERY_TYPE

from ..delivery import Delivery
from .location import entity_params, locate, percent_encoded

URL_LIMIT = 8000  # characters: what RFC 9110 (4.1) asks everybody to take
ERROR = f"plugin:{QUERY_ENCODER}"
_JSON = "application/json"


class NoQuery(Exception):
    """The data cannot stand in the query of this call. `reason` is for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def query_of(delivery: Delivery, body: bytes) -> str:
    """The body of a delivery as a query. JSON, encoded when the method was another, becomes fields here.

    Raises `NoQuery`.
    """
    written = next((value for name, value in delivery.headers if name.lower() == "content-type"), _JSON)
    kind = bare_type(written)
    if kind == QUERY_TYPE:
        return body.decode("ascii", errors="replace")
    if kind != _JSON:
        raise NoQuery(f"its body was encoded as {kind} when it was accepted; this call has no body")
    try:
        return urlencoded(json.loads(body)) if body else ""
    except EncodeError as error:
        raise NoQuery(str(error)) from None
    except ValueError:
        raise NoQuery("its body is not the JSON it was accepted as") from None


def check_length(url: str) -> None:
    """Raises `NoQuery` for a URL longer than receivers can be expected to take. It is never cut short."""
    if len(url) > URL_LIMIT:
        raise NoQuery(f"the URL has {len(url):,} characters; without a body, at most {URL_LIMIT:,} are sent")


def check_query(subscriber: Subscriber, target: Target, event_type: str, query: str) -> None:
    """The same before anything is accepted: secrets are not known here, and count for nothing."""
    literal = (
        (name, "" if isinstance(value, SecretReference) else value, False) for name, value in target.query
    )
    sent, _ = locate(target.url, literal, entity_params(subscriber) if target.entity_params else "")
    check_length(sent.url(percent_encoded(event_type) if target.entity_params else "", query))
