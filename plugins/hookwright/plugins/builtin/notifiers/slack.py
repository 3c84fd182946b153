"""`type: slack`: posts a notice to a channel through one of Slack's incoming webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...hookspecs import Network, Notice, Notifier, Notify, Secrets, hookimpl
from ...posting import post_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from requests import PreparedRequest

    from hookwright.rules.event import JSON

# Slack refuses longer ones (https://api.slack.com/reference/block-kit/blocks).
_LONGEST_HEADER = 150
_LONGEST_TEXT = 3000


class SlackNotifier:
    """The address of an incoming webhook is all Slack asks for, so it is a secret."""

    name = "slack"
    schema: dict[str, Any] = {  # noqa: RUF012  # read-only
        "type": "object",
        "description": "Posts to a channel of Slack, or of what takes the same JSON.",
        "properties": {
            "url": {
                "$ref": "#/$defs/secret",
                "description": "Where the address of the incoming webhook stands: whoever has it can post.",
                "examples": [{"env": "SLACK_HOOK"}],
            }
        },
        "required": ["url"],
        "additionalProperties": False,
    }

    def build(self, config: Mapping[str, JSON], secrets: Secrets, network: Network) -> Notify:  # noqa: ARG002
        url = secrets(config["url"])

        def request(notice: Notice) -> PreparedRequest:
            return post_json(url, _message(notice))

        return request


def _message(notice: Notice) -> JSON:
    """`text` is what a phone shows; it is markup, so a receiver's answer in it may not call the channel."""
    facts = f"{notice.entity_type} {notice.entity_id}, {notice.count} failed"
    return {
        "text": _escaped(notice.title[:_LONGEST_TEXT]),
        "blocks": [
            {"type": "header", "text": _plain(notice.title, _LONGEST_HEADER)},
            {"type": "section", "text": _plain(notice.text, _LONGEST_TEXT)},
            {"type": "context", "elements": [_plain(facts, _LONGEST_TEXT)]},
        ],
    }


def _plain(text: str, most: int) -> JSON:
    cut = text if len(text) <= most else f"{text[: most - 1]}…"
    return {"type": "plain_text", "text": cut if cut.strip() else "-", "emoji": False}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@hookimpl
def hookwright_notifiers() -> list[Notifier]:
    return [SlackNotifier()]
