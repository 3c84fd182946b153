"""Build the `Model` of a `Source`: every layer merged, every default filled in, every name resolved.

Deterministic and free of files: a worker builds from the published JSON the very model that was checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import cast

from hookwright.schemas.catalogue import load_catalogue
from hookwright.schemas.grammar import duration
from hookwright.schemas.preset import Preset, load_preset
from hookwright.schemas.problem import Place

from .batches import batch
from .bundle import KINDS
from .condition import condition
from .disabling import disable_when, failures
from .doing import Doer, without_call
from .errors import SourceError
from .event import JSON
from .event_schemas import event_schemas
from .expression.fields import field_path
from .glob import is_glob
from .known import unknown_keys
from .lending import borrowing
from .merge import Layer, merge
from .model import Action, EntityType, Model, NotifierSettings, Schedule, Subscriber, Target, endpoint_name
from .notify import KEY as NOTIFY
from .notify import notified, notifiers
from .references import Encoders, EventNames
from .repeated import dedupe, order_by
from .running import OF_DELIVERIES, Director
from .schedules import kept, schedules
from .source import Source
from .targets import target
from .telling import lapp_call

_NOWHERE = Place("")


def build(source: Source) -> Model:
    """The model of a source that `load` found valid. Disabled subscribers are not in it.

    Raises `SourceError` when the source says something this version cannot carry out: it was published by
    another version, and building half of it would call without what is missing.
    """
    content = source.content
    preset = _preset(source)
    unknown = next(unknown_keys(content), None)
    if unknown:
        raise SourceError(f"this version cannot carry out {unknown}")
    declared = _mappings(content.get("events"))
    names = event_names(str(each["type"]) for each in declared)
    settings = Settings(preset, _mapping(content.get("defaults")), names)
    known = notifiers(_mappings(content.get("notifiers")))
    times = schedules(_mappings(content.get("schedules")))
    builder = _Builder(source, settings, Encoders.of(source.encoders), known, times)
    return Model(
        bundle=source.bundle,
        preset=source.preset,
        revision=source.revision,
        subscribers=tuple(sorted((*builder.subscribers(), *_guests(source)), key=lambda one: one.id)),
        event_types=names.types,
        allow_undeclared_events=source.allow_undeclared_events,
        notifiers=known,
        event_schemas=event_schemas(declared),
    )


def _guests(source: Source) -> Iterator[Subscriber]:
    """The subscribers of the bundles beside it: each by its own settings, over what it is lent."""
    for other in source.beside:
        yield from build(borrowing(other, source)).subscribers


def event_names(declared: Iterable[str]) -> EventNames:
    """The catalogue's event types and their labels, and the types a bundle declares."""
    catalogue = load_catalogue()
    labels = {label: entry.type for label, entry in catalogue.by_label.items()}
    return EventNames(frozenset(catalogue.by_type).union(declared), labels)


@dataclass(frozen=True, slots=True)
class Settings:
    """What lies below every subscriber: the preset, its families and the bundle's defaults."""

    preset: Preset
    defaults: Layer
    names: EventNames
    _below: Mapping[str, Layer] = field(init=False, repr=False, compare=False)  # by family; "" is none

    def __post_init__(self) -> None:
        families: Mapping[str, Layer] = {**self.preset.families, "": {}}
        below = {
            name: merge(self.preset.defaults, family, self.defaults) for name, family in families.items()
        }
        object.__setattr__(self, "_below", below)  # merged once, not for every subscriber

    def events(self, subscriber: Layer) -> tuple[str, ...]:
        """The types its `event` selects, sorted. A name nobody knows stands for itself."""
        selected: set[str] = set()
        for name in texts(subscriber.get("event")):
            selected.update(self.names.resolve(name) or (() if is_glob(name) else (name,)))
        return tuple(sorted(selected))

    def over(self, events: tuple[str, ...], nearest: Layer) -> dict[str, JSON]:
        """`nearest` over everything below it.

        A family's settings hold for a subscriber when all its events are of that family.
        """
        catalogue = load_catalogue().by_type
        families = {catalogue[kind].family if kind in catalogue else None for kind in events}
        family = families.pop() if len(families) == 1 else None
        return merge(self._below.get(family or "", self._below[""]), nearest)


@dataclass(frozen=True, slots=True)
class _Builder:
    source: Source
    settings: Settings
    encoders: Encoders
    notifiers: tuple[NotifierSettings, ...]
    schedules: Mapping[str, Schedule]

    def subscribers(self) -> Iterator[Subscriber]:
        for key, kind in KINDS.items():
            for raw in _mappings(self.source.content.get(key)):
                events = self.settings.events(raw)
                merged = self.settings.over(events, raw)
                if not merged.get("enabled", True):
                    continue
                if kind is EntityType.AUTOMATION:
                    yield self._automation(events, raw, merged)
                    continue
                actions = tuple(self._actions(kind, events, raw, merged))
                yield self._subscriber(kind, events, merged, actions)

    def _automation(self, events: tuple[str, ...], raw: Layer, merged: Layer) -> Subscriber:
        """Every event begins a run of its own, whatever collects, orders or skips the events of others."""
        kind, identifier = EntityType.AUTOMATION, str(raw["id"])
        doer = self._doer(kind, identifier, events)
        automation = Director(raw, doer, self.settings.names, self.source.places).automation()
        own = {key: value for key, value in merged.items() if key not in OF_DELIVERIES}
        subscriber = self._subscriber(kind, events, own, tuple(automation.actions()))
        return replace(subscriber, automation=automation)

    def _subscriber(
        self, kind: EntityType, events: tuple[str, ...], merged: Layer, actions: tuple[Action, ...]
    ) -> Subscriber:
        identifier = str(merged["id"])
        match = merged.get("match")
        return Subscriber(
            entity_type=kind,
            id=identifier,
            events=events,
            actions=actions,
            place=self.source.places.get(identifier, _NOWHERE),
            globs=tuple(sorted({name for name in texts(merged.get("event")) if is_glob(name)})),
            sources=tuple(sorted(set(texts(merged.get("source"))))),
            match=MappingProxyType(match) if isinstance(match, dict) else None,
            condition=condition(merged),
            delay=duration(str(merged.get("delay", "0s"))),
            batch=batch(merged),
            notify=notified(merged.get(NOTIFY), self.notifiers),
            disable_after=failures(merged.get("disable_after")),
            description=str(merged.get("description", "")),
            labels=MappingProxyType(
                {key: str(label) for key, label in _mapping(merged.get("labels")).items()}
            ),
            owner=str(merged.get("owner", "")),
            disable_when=disable_when(merged.get("disable_after")),
            redact=tuple(sorted({field_path(field) for field in texts(merged.get("redact"))})),
            order_by=order_by(merged),
            dedupe=dedupe(merged),
            hold_outside=kept(merged, "hold_outside", self.schedules),
            skip_outside=kept(merged, "skip_outside", self.schedules),
        )

    def _actions(
        self, kind: EntityType, events: tuple[str, ...], raw: Layer, merged: Layer
    ) -> Iterator[Action]:
        identifier = str(raw["id"])
        if kind is EntityType.WEBHOOK:
            yield self._of_webhook(endpoint_name(kind, identifier, ""), merged)
            return
        doer = self._doer(kind, identifier, events)
        for index, action in enumerate(_mappings(raw.get("actions"))):
            yield from doer.actions_of(action, f"actions/{index}")

    def _of_webhook(self, endpoint: str, merged: Layer) -> Action:
        if merged.get("type") == "lapp":
            return Action(endpoint, "", without_call(merged), lapp=lapp_call(merged["lapp"]))
        return Action(endpoint, "", self._target(merged))

    def _doer(self, kind: EntityType, identifier: str, events: tuple[str, ...]) -> Doer:
        return Doer(kind, identifier, partial(self.settings.over, events), self._target)

    def _target(self, merged: Layer) -> Target:
        return target(merged, self.encoders, self.source.files)


def _preset(source: Source) -> Preset:
    try:
        preset = load_preset(source.preset)
    except FileNotFoundError:
        raise SourceError(f"this version has no preset {source.preset}") from None
    if preset.version != source.preset_version:
        wanted = f"version {source.preset_version} of the preset {source.preset}"
        raise SourceError(f"this version has {preset.version} in place of {wanted}")
    return preset


def texts(written: JSON) -> tuple[str, ...]:
    """One text or a list of them."""
    items = written if isinstance(written, list) else [written]
    return tuple(item for item in items if isinstance(item, str))


def _mapping(written: JSON) -> Mapping[str, JSON]:
    return written if isinstance(written, dict) else {}


def _mappings(written: JSON) -> list[dict[str, JSON]]:
    return [item for item in cast("list[JSON]", written or []) if isinstance(item, dict)]
