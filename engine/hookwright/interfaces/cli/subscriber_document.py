"""A subscriber of a bundle as JSON: what `validate -o json` says of it, and how long its calls are tried."""

from __future__ import annotations

from typing import Any

from hookwright.rules.model import Action, Subscriber


def subscriber_document(subscriber: Subscriber) -> dict[str, Any]:
    """Every member is always there; times in milliseconds."""
    return {
        "id": subscriber.id,
        "type": str(subscriber.entity_type),
        "events": list(subscriber.events),
        "file": subscriber.place.file,
        "line": subscriber.place.line or None,
        "calls": [_call(action) for action in subscriber.actions],
    }


def _call(action: Action) -> dict[str, Any]:
    """The span is that of the waits: a receiver that asks for more time makes it longer."""
    retry = action.target.retry
    return {
        "endpoint": action.endpoint,
        "tries": retry.tries,
        "span_ms": retry.span,
        "retries": str(retry),
    }
