"""Headers a bundle may set, and those that are ours. The schema has already judged their characters."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_FRAMING = "it frames the request, which follows from the body"
_CONNECTION = "it is about the connection, not about the call"

RESERVED: Mapping[str, str] = MappingProxyType(
    {
        "accept-encoding": "answers are recorded as they come, so they may not be compressed",
        "connection": _CONNECTION,
        "content-length": _FRAMING,
        "content-type": "it follows from `content_type` and the encoder",
        "expect": _CONNECTION,
        "hookwright-hops": "it guards against loops",
        "hookwright-test": "it marks a ping",
        "host": "it follows from the URL",
        "http2-settings": _CONNECTION,
        "keep-alive": _CONNECTION,
        "proxy-authorization": _CONNECTION,
        "proxy-connection": _CONNECTION,
        "te": _CONNECTION,
        "trailer": _FRAMING,
        "transfer-encoding": _FRAMING,
        "upgrade": _CONNECTION,
        "user-agent": "every call carries Hookwright's own",
        "webhook-id": "every call carries it, the same on every attempt",
        "webhook-signature": "it is what signing writes",
        "webhook-timestamp": "every call carries it, the time of the attempt",
    }
)
"""Header names in lower case, and why a bundle cannot set them."""


def name_fault(name: str) -> str | None:
    """Why a header of this name cannot be set, or None."""
    reason = RESERVED.get(name.lower())
    return f"the header {name} cannot be set: {reason}" if reason else None


def value_fault(value: str) -> str | None:
    """What is wrong with a header's value, or None."""
    if value != value.strip(" \t"):
        return "a header's value cannot begin or end with a space: receivers drop it"
    return None
