"""A ping: a sample of what a subscriber asks for, sent to it alone through the real path, as a test."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from hookwright.rules.event import JSON
from hookwright.rules.model import Action, Subscriber
from hookwright.schemas.catalogue import load_catalogue
from hookwright.schemas.dataschema import DataSchema

from ..subscribers import Subscribers
from .answer import Answer
from .intake import Intake
from .rejected import Rejected


class Pinging:
    """Pings what `subscribers` finds, through `intake`; runs on intake's event loop."""

    def __init__(self, intake: Intake, subscribers: Subscribers) -> None:
        self._intake = intake
        self._subscribers = subscribers

    async def ping(self, name: str) -> Answer:
        """Send one to a subscriber or to a single endpoint, on or off.

        Raises `NoSubscriber`, and `Rejected` when it is not accepted.
        """
        subscriber, target = self._subscribers.find(name)
        event_type, data = sample_of(subscriber, self._intake.schemas)
        return await self._intake.test(subscriber, actions_of(subscriber, target), event_type, data)


def actions_of(subscriber: Subscriber, target: str) -> Sequence[Action]:
    """The one whose endpoint was named, or else all."""
    return [action for action in subscriber.actions if action.endpoint == target] or subscriber.actions


def sample_of(subscriber: Subscriber, schemas: Mapping[str, DataSchema]) -> tuple[str, bytes]:
    """The first type it selects, and the data of such an event: an example of its schema, else the sample of
    the catalogue, else none.

    Raises `Rejected` when it selects no type that anybody declared.
    """
    if not subscriber.events:
        detail = f"{subscriber.entity_type}/{subscriber.id} selects no event type that is declared"
        raise Rejected(409, "Nothing to send", detail)
    event_type = subscriber.events[0]
    catalogued, schema = load_catalogue().by_type.get(event_type), schemas.get(event_type)
    examples: list[JSON] = schema.examples() if schema else []
    sample = examples[0] if examples else catalogued.sample if catalogued else {}
    return event_type, json.dumps(sample, ensure_ascii=False).encode()
