"""The `RoutingTable`: who gets an event. Immutable; a new configuration is a new table, swapped whole."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from itertools import repeat

from hookwright.schemas.catalogue import nearest_events
from hookwright.schemas.dataschema import DataSchema

from .condition import holds
from .errors import ExpressionError
from .event import Event
from .index import PatternIndex
from .model import Action, FailureLimit, NotifierSettings, Subscriber


@dataclass(frozen=True, slots=True)
class Selected:
    """A subscriber that an event goes to; with a `fault`, one of which nobody can say whether it should."""

    subscriber: Subscriber
    fault: ExpressionError | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RoutingTable:
    """A compiled model. Build it with `compile_table`.

    `endpoints` maps the name of every endpoint to its concurrency cap, `limits` to what switches it off, if
    anything does. `event_types` are all declared types, `event_schemas` what the data of some must keep to.

    The kinds of an event are its type and globs that fit it. `_plain` maps each to the ids of the subscribers
    without a pattern; `_asked` are those that subscribers with one, who are in the `_index`, select by.
    """

    revision: str
    bundle: str
    preset: str
    event_types: frozenset[str]
    event_schemas: Mapping[str, DataSchema]
    endpoints: Mapping[str, int]
    limits: Mapping[str, FailureLimit]
    allow_undeclared_events: bool
    _plain: Mapping[Hashable, tuple[str, ...]]
    _asked: frozenset[Hashable]
    _index: PatternIndex
    _globs: tuple[re.Pattern[str], ...]
    _sources: Mapping[str, tuple[re.Pattern[str], ...]]
    _subscribers: Mapping[str, Subscriber]
    _actions: Mapping[str, tuple[Subscriber, Action]]
    _notifiers: Mapping[str, NotifierSettings]

    @property
    def subscribers(self) -> tuple[Subscriber, ...]:
        """Every enabled subscriber, ordered by id."""
        return tuple(self._subscribers.values())

    @property
    def automations(self) -> tuple[Subscriber, ...]:
        """Every enabled automation, ordered by id."""
        return tuple(one for one in self._subscribers.values() if one.automation is not None)

    def match(self, event: Event) -> tuple[Subscriber, ...]:
        """The subscribers whose events, sources and pattern it fits, ordered by id, as everything else is.

        Their conditions are not asked: `select` does.
        """
        kinds = self._kinds(event.type)
        found = {identifier for kind in kinds for identifier in self._plain.get(kind, ())}
        if not self._asked.isdisjoint(kinds):
            found |= self._index.match(event.data, kinds)
        return tuple(
            self._subscribers[identifier]
            for identifier in sorted(found)
            if self._from_there(identifier, event.source)
        )

    def select(self, event: Event) -> tuple[Selected, ...]:
        """Those it goes to whose condition is true as well, or cannot be told; ordered by id."""
        selected = map(_selected, self.match(event), repeat(event))
        return tuple(each for each in selected if each is not None)

    def settled(self, event_type: str) -> tuple[Subscriber, ...] | None:
        """Those that every event of a type goes to, whatever else it says; None when that decides."""
        kinds = self._kinds(event_type)
        if not self._asked.isdisjoint(kinds):
            return None
        found = sorted({identifier for kind in kinds for identifier in self._plain.get(kind, ())})
        subscribers = tuple(self._subscribers[identifier] for identifier in found)
        asked = any(each.condition is not True or each.id in self._sources for each in subscribers)
        return None if asked else subscribers

    def subscriber(self, identifier: str) -> Subscriber | None:
        """The enabled subscriber of that id, or None."""
        return self._subscribers.get(identifier)

    def endpoint(self, name: str) -> tuple[Subscriber, Action] | None:
        """What `webhook/leads-to-erp` or `rule/big-deal/actions/0/post` stands for, or None."""
        return self._actions.get(name)

    @property
    def notifiers(self) -> tuple[str, ...]:
        """The ids of all notifiers."""
        return tuple(self._notifiers)

    def notifier(self, identifier: str) -> NotifierSettings | None:
        """The notifier of that id, or None."""
        return self._notifiers.get(identifier)

    def knows(self, event_type: str) -> bool:
        """Whether an event of this type is let in."""
        return self.allow_undeclared_events or event_type in self.event_types

    def nearest(self, event_type: str) -> tuple[str, ...]:
        """At most three declared types that look like `event_type`, best first."""
        return tuple(nearest_events(event_type, sorted(self.event_types)))

    def _kinds(self, event_type: str) -> tuple[Hashable, ...]:
        """What subscribers may have selected the event by: its type; globs, too, if nobody declared it."""
        if event_type in self.event_types or not self.allow_undeclared_events:
            return (event_type,)
        return event_type, *(glob for glob in self._globs if glob.match(event_type))

    def _from_there(self, identifier: str, source: str) -> bool:
        globs = self._sources.get(identifier)
        return globs is None or any(glob.match(source) for glob in globs)


def _selected(subscriber: Subscriber, event: Event) -> Selected | None:
    if subscriber.condition is True:
        return Selected(subscriber)
    try:
        return Selected(subscriber) if holds(subscriber.condition, event) else None
    except ExpressionError as error:
        return Selected(subscriber, error)
