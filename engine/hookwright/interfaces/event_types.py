"""The event types a person can name: those of the catalogue, and those a bundle declares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hookwright.rules.source import Source
from hookwright.schemas.catalogue import CatalogueEvent, load_catalogue, nearest_events


@dataclass(frozen=True, slots=True)
class DeclaredEvent:
    """A type that stands under `events` in a bundle, labelled with its description.

    It is of no family: what its data looks like is its owner's knowledge.
    """

    type: str
    label: str = ""
    family: str = ""


@dataclass(frozen=True, slots=True)
class EventTypes:
    """Catalogued types in the catalogue's order, then those of a bundle that it does not have."""

    catalogued: tuple[CatalogueEvent, ...]
    declared: tuple[DeclaredEvent, ...] = ()

    @property
    def all(self) -> list[CatalogueEvent | DeclaredEvent]:
        return [*self.catalogued, *self.declared]

    def find(self, name: str) -> CatalogueEvent | DeclaredEvent | None:
        """The type of that name or label, as it is written."""
        by_type = next((event for event in self.all if event.type == name), None)
        return by_type or next((event for event in self.catalogued if event.label == name), None)

    def nearest(self, name: str) -> list[str]:
        """At most three names that look like `name`, best first: a type or its label, never both."""
        labels = {event.label: event.type for event in self.catalogued}
        once: dict[str, str] = {}
        for found in nearest_events(name, [*(event.type for event in self.all), *labels], limit=6):
            once.setdefault(labels.get(found, found), found)
        return list(once.values())[:3]

    def families(self) -> list[str]:
        return sorted({event.family for event in self.catalogued})


def event_types(source: Source | None = None) -> EventTypes:
    """The catalogue, and what the bundle of `source` declares."""
    catalogue = load_catalogue()
    written = source.content.get("events") if source is not None else None
    declared = [_declared(item) for item in _mappings(written)]
    return EventTypes(catalogue.types, tuple(each for each in declared if each.type not in catalogue.by_type))


def _declared(item: Mapping[str, object]) -> DeclaredEvent:
    return DeclaredEvent(str(item.get("type", "")), str(item.get("description", "")))


def _mappings(written: object) -> Iterable[Mapping[str, object]]:
    return [item for item in written if isinstance(item, Mapping)] if isinstance(written, list) else []
