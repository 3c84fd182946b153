"""Calls with something filled in: prepared like all others, from the target as it is for one delivery."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

from hookwright.rules.expression.slots import written
from hookwright.rules.model import Action, Subscriber, Target, Text

from ..delivery import Delivery
from .location import percent_encoded
from .prepare import Prepared, Preparer, Refusal
from .tokens import Fetching

Make: TypeAlias = Callable[[Action, Target], Preparer]
"""A preparer for an action, and its target as it may be shown."""


class FilledPreparer:
    """As a `Preparer`, for an endpoint whose URL, query or headers have slots; `make` makes one a call.

    What stands in the slots came with the delivery; everything else is the live revision's.
    """

    def __init__(self, action: Action, make: Make) -> None:
        self._action = action
        self._make = make

    def prepare(
        self, delivery: Delivery, body: bytes, attempt: int, now: float
    ) -> Prepared | Fetching | Refusal:
        """The request for one try, or why there is none."""
        target = self._action.target
        try:
            sent = filled_target(target, dict(delivery.filled))
            shown = filled_target(target, dict(delivery.shown)) if delivery.shown else sent
        except LookupError as error:
            reason = f"{error.args[0]} was written after this event had come; emit the event again"
            return Refusal("failure", "template", reason)
        return self._make(replace(self._action, target=sent), shown).prepare(delivery, body, attempt, now)


def filled_target(target: Target, values: Mapping[str, str]) -> Target:
    """The target with what stands in its slots. Raises LookupError for a slot nothing is known of."""

    def fill(pairs: tuple[tuple[str, Text], ...]) -> tuple[tuple[str, Text], ...]:
        return tuple(
            (name, written(value, values) if isinstance(value, str) else value) for name, value in pairs
        )

    url = written(target.url, values, percent_encoded)
    return replace(target, url=url, query=fill(target.query), headers=fill(target.headers), slots=())


def placeholders(subscriber: Subscriber, action: Action) -> tuple[tuple[str, str], ...]:
    """Something for every slot, where there is no event: what asks whether a URL answers at all."""
    return tuple((slot, subscriber.id) for slot in action.target.slots)
