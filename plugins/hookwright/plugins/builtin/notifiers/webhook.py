"""`type: webhook`: posts a notice as JSON to any address."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ...headers import RESERVED_PATTERN
from ...hookspecs import FailedDelivery, Network, Notice, Notifier, Notify, Secrets, hookimpl
from ...posting import post_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from requests import PreparedRequest

    from hookwright.rules.event import JSON


# Nothing that the guard refuses when a notice is told, as far as a pattern can say.
_HOST = r"([0-9A-Za-z._-]+|\[[0-9A-Fa-f:.]+\])(:[1-9][0-9]{0,4})?"
_URL = rf"^https?://{_HOST}([/?]([!$&-;=?-Z_a-z~\[\]]|%[0-9A-Fa-f]{{2}})*)?$"


class WebhookNotifier:
    """The notice with all its facts; docs/how-to/notify-on-failure.md shows it whole."""

    name = "webhook"
    schema: dict[str, Any] = {  # noqa: RUF012  # read-only
        "type": "object",
        "description": "Posts the notice as JSON.",
        "properties": {
            "url": {
                "$ref": "#/$defs/text",
                "pattern": _URL,
                "description": "The address, or where it stands, without a user name, a password or a "
                "fragment.",
                "examples": ["https://alerts.example.com/hookwright", {"env": "ALERTS_URL"}],
            },
            "headers": {
                "type": "object",
                "maxProperties": 64,
                "propertyNames": {
                    "pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
                    "maxLength": 255,
                    "not": {"pattern": RESERVED_PATTERN},
                    "x-hookwright-form": "header name",
                    "description": "Any header, but those that Hookwright writes itself.",
                },
                "additionalProperties": {
                    "$ref": "#/$defs/text",
                    "pattern": "^[\t -~\u00a0-\u00ff]*$",
                    "x-hookwright-form": "header",
                },
                "description": "Headers to send, none that Hookwright writes itself.",
                "examples": [{"X-Api-Key": {"env": "ALERTS_KEY"}}],
            },
        },
        "required": ["url"],
        "additionalProperties": False,
    }

    def build(self, config: Mapping[str, JSON], secrets: Secrets, network: Network) -> Notify:  # noqa: ARG002
        url = _text(config["url"], secrets)
        written = config.get("headers", {})
        assert isinstance(written, dict)  # says the schema
        headers = [(name, _text(value, secrets)) for name, value in written.items()]
        post_json(url, None, headers)  # a secret that no header can carry is told now

        def request(notice: Notice) -> PreparedRequest:
            return post_json(url, as_json(notice), headers)

        return request


def as_json(notice: Notice) -> JSON:
    """A notice as this notifier posts it: the names of the API, times as it writes them."""
    return {
        "id": notice.id,
        "kind": notice.kind,
        "title": notice.title,
        "text": notice.text,
        "entityType": notice.entity_type,
        "entityId": notice.entity_id,
        "count": notice.count,
        "failures": [_failure(failure) for failure in notice.failures],
        "at": _instant(notice.at),
    }


def _failure(failure: FailedDelivery) -> JSON:
    return {
        "delivery": failure.delivery,
        "eventType": failure.event_type,
        "eventId": failure.event_id,
        "url": failure.url,
        "attempts": failure.attempts,
        "code": failure.code,
        "error": failure.error,
        "reason": failure.reason,
        "at": _instant(failure.at),
    }


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _text(written: JSON, secrets: Secrets) -> str:
    return written if isinstance(written, str) else secrets(written)


@hookimpl
def hookwright_notifiers() -> list[Notifier]:
    return [WebhookNotifier()]
