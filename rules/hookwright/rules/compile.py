"""Compile a `Model` into the immutable `RoutingTable` that answers who gets an event."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from hookwright.schemas.dataschema import DataSchema

from .expression import Expression
from .glob import compile_glob
from .index import PatternIndex
from .model import FailureLimit, Model, NotifierSettings, Subscriber
from .table import RoutingTable


def compile_table(model: Model) -> RoutingTable:
    """The table of a valid model. Raises ValueError for a pattern or schema that loading would have refused.

    All patterns are in one index, with the types and globs their subscribers select as kinds, so each is
    compiled exactly once, and one question answers whose pattern fits. Who has none is looked up by kind.
    """
    ordered = sorted(model.subscribers, key=lambda subscriber: subscriber.id)
    patterns = {one.id: one.match for one in ordered if one.match is not None}
    kinds = {one.id: (*one.events, *map(compile_glob, one.globs)) for one in ordered}
    actions = {action.endpoint: (one, action) for one in ordered for action in one.actions}
    caps = {name: action.target.concurrency for name, (_, action) in actions.items()}
    for expression in _expressions(ordered):
        expression.compile()
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
        _plain=MappingProxyType(_by_kind({one: kinds[one] for one in kinds if one not in patterns})),
        _asked=frozenset(kind for one in patterns for kind in kinds[one]),
        _index=PatternIndex(patterns, kinds),
        _globs=tuple({compile_glob(glob): None for one in ordered for glob in one.globs}),
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
        action.endpoint: replace(
            one.disable_when or FailureLimit(), failures=one.disable_after, notify=one.notify or default
        )
        for one in subscribers
        if one.disable_after is not None or one.disable_when is not None
        for action in one.actions
    }


def _expressions(subscribers: Iterable[Subscriber]) -> Iterator[Expression]:
    """All that is computed from an event: not the first event is to wait for what can be done before."""
    for one in subscribers:
        if isinstance(one.condition, Expression):
            yield one.condition
        if one.batch is not None and one.batch.key is not None:
            yield one.batch.key
        if one.order_by is not None:
            yield one.order_by
        if one.dedupe is not None:
            yield one.dedupe.key
        if one.automation is not None:
            yield from one.automation.expressions()


def _by_kind(kinds: Mapping[str, Iterable[Hashable]]) -> dict[Hashable, tuple[str, ...]]:
    """The ids under each of their kinds."""
    found: defaultdict[Hashable, list[str]] = defaultdict(list)
    for identifier, selected in kinds.items():
        for kind in selected:
            found[kind].append(identifier)
    return {kind: tuple(identifiers) for kind, identifiers in found.items()}
