"""The `RoutingTable`: who gets an event. Immutable; a new configuration is a new table, swapped whole."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import repeat
from operator import attrgetter

from hookwright.schemas.catalogue import nearest_events
from hookwright.schemas.dataschema import DataSchema

from .condition import holds
from .errors import ExpressionError
from .event import Event
from .index import PatternIndex
from .model import Action, FailureLimit, NotifierSettings, Subscriber

_BY_ID = attrgetter("id")


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Subscribers that select the same event types: those without a pattern, and an index over the rest."""

    always: tuple[Subscriber, ...]
    conditional: Mapping[str, Subscriber]
    index: PatternIndex | None

    def match(self, event: Event) -> Iterable[Subscriber]:
        yield from self.always
        if self.index is not None:
            for subscriber in self.index.match(event.data):
                yield self.conditional[subscriber]


@dataclass(frozen=True, slots=True)
class Selected:
    """A subscriber that an event goes to; with a `fault`, one of which nobody can say whether it should."""

    subscriber: Subscriber
    fault: ExpressionError | None = None


@dataclass(frozen=True, slots=True)
class Wildcard:
    """A group reached by globs: for event types nobody declared."""

    globs: tuple[re.Pattern[str], ...]
    group: Group


@dataclass(frozen=True, slots=True, eq=False)
class RoutingTable:
    """A compiled model. Build it with `compile_table`.

    `endpoints` maps the name of every endpoint to its concurrency cap, `limits` to what switches it off, if
    anything does. `event_types` are all declared types, `event_schemas` what the data of some must keep to.
    """

    revision: str
    bundle: str
    preset: str
    event_types: frozenset[str]
    event_schemas: Mapping[str, DataSchema]
    endpoints: Mapping[str, int]
    limits: Mapping[str, FailureLimit]
    allow_undeclared_events: bool
    _routes: Mapping[str, tuple[Group, ...]]
    _wildcards: tuple[Wildcard, ...]
    _sources: Mapping[str, tuple[re.Pattern[str], ...]]
    _subscribers: Mapping[str, Subscriber]
    _actions: Mapping[str, tuple[Subscriber, Action]]
    _notifiers: Mapping[str, NotifierSettings]

    @property
    def subscribers(self) -> tuple[Subscriber, ...]:
        """Every enabled subscriber, ordered by id."""
        return tuple(self._subscribers.values())

    def match(self, event: Event) -> tuple[Subscriber, ...]:
        """The subscribers whose events, sources and pattern it fits, ordered by id, as everything else is.

        Their conditions are not asked: `select` does.
        """
        found = [
            subscriber
            for group in self._groups(event.type)
            for subscriber in group.match(event)
            if self._from_there(subscriber.id, event.source)
        ]
        return tuple(sorted(found, key=_BY_ID))

    def select(self, event: Event) -> tuple[Selected, ...]:
        """Those it goes to whose condition is true as well, or cannot be told; ordered by id."""
        selected = map(_selected, self.match(event), repeat(event))
        return tuple(each for each in selected if each is not None)

    def subscriber(self, identifier: str) -> Subscriber | None:
        """The enabled subscriber of that id, or None."""
        return self._subscribers.get(identifier)

    def endpoint(self, name: str) -> tuple[Subscriber, Action] | None:
        """What `webhook/leads-to-erp` or `rule/big-deal/actions/0/post` stands for, or None."""
        return self._actions.get(name)

    def notifier(self, identifier: str) -> NotifierSettings | None:
        """The notifier of that id, or None."""
        return self._notifiers.get(identifier)

    def knows(self, event_type: str) -> bool:
        """Whether an event of this type is let in."""
        return self.allow_undeclared_events or event_type in self.event_types

    def nearest(self, event_type: str) -> tuple[str, ...]:
        """At most three declared types that look like `event_type`, best first."""
        return tuple(nearest_events(event_type, sorted(self.event_types)))

    def _groups(self, event_type: str) -> Iterable[Group]:
        groups = self._routes.get(event_type, ())
        if event_type in self.event_types or not self.allow_undeclared_events:
            return groups
        wild = (each.group for each in self._wildcards if any(glob.match(event_type) for glob in each.globs))
        return dict.fromkeys((*groups, *wild))

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
