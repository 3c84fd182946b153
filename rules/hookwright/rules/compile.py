"""Compile a `Model` into the immutable `RoutingTable` that answers who gets an event."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from hookwright.schemas.dataschema import DataSchema

from .glob import compile_glob
from .index import PatternIndex
from .model import FailureLimit, Model, NotifierSettings, Subscriber
from .table import Group, RoutingTable, Wildcard

_Selection = tuple[tuple[str, ...], tuple[str, ...]]


def compile_table(model: Model) -> RoutingTable:
    """The table of a valid model. Raises ValueError for a pattern or schema that loading would have refused.

    Subscribers that select the same event types share one index, so each pattern is compiled exactly once
    however many types its subscriber selects.
    """
    ordered = sorted(model.subscribers, key=lambda subscriber: subscriber.id)
    groups = {selection: _group(members) for selection, members in _by_selection(ordered).items()}
    actions = {action.endpoint: (one, action) for one in ordered for action in one.actions}
    caps = {name: action.target.concurrency for name, (_, action) in actions.items()}
    return RoutingTable(
        revision=model.revision,
        bundle=model.bundle,
        preset=model.preset,
        event_types=model.event_types,
        event_schemas=MappingProxyType(
            {kind: DataSchema(schema) for kind, schema in model.event_schemas.items()}
        ),
        endpoints=MappingProxyType(caps),
        limits=MappingProxyType(_limits(ordered, model.notifiers)),
        allow_undeclared_events=model.allow_undeclared_events,
        _routes=MappingProxyType(_routes(groups)),
        _wildcards=tuple(
            Wildcard(tuple(compile_glob(glob) for glob in globs), group)
            for (_, globs), group in groups.items()
            if globs
        ),
        _sources=MappingProxyType(
            {one.id: tuple(compile_glob(source) for source in one.sources) for one in ordered if one.sources}
        ),
        _subscribers=MappingProxyType({one.id: one for one in ordered}),
        _actions=MappingProxyType(actions),
        _notifiers=MappingProxyType({one.id: one for one in model.notifiers}),
    )


def _limits(
    subscribers: Iterable[Subscriber], notifiers: Iterable[NotifierSettings]
) -> dict[str, FailureLimit]:
    """What switches an endpoint off, and who is told: always somebody, if there is anybody to tell."""
    default = tuple(each.id for each in notifiers if each.default)
    return {
        action.endpoint: FailureLimit(one.disable_after, one.notify or default)
        for one in subscribers
        if one.disable_after is not None
        for action in one.actions
    }


def _by_selection(subscribers: Iterable[Subscriber]) -> Mapping[_Selection, list[Subscriber]]:
    members: defaultdict[_Selection, list[Subscriber]] = defaultdict(list)
    for one in subscribers:
        members[one.events, one.globs].append(one)
    return members


def _group(members: Iterable[Subscriber]) -> Group:
    conditional = {one.id: one for one in members if one.match is not None}
    patterns = {one.id: one.match for one in conditional.values() if one.match is not None}
    return Group(
        always=tuple(one for one in members if one.match is None),
        conditional=MappingProxyType(conditional),
        index=PatternIndex(patterns) if patterns else None,
    )


def _routes(groups: Mapping[_Selection, Group]) -> dict[str, tuple[Group, ...]]:
    routes: defaultdict[str, list[Group]] = defaultdict(list)
    for (events, _), group in groups.items():
        for event_type in events:
            routes[event_type].append(group)
    return {event_type: tuple(found) for event_type, found in routes.items()}
