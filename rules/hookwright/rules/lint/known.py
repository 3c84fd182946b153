"""What is known of the events a subscriber selects: one `Data` for each of their types, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hookwright.schemas.catalogue import load_catalogue

from ..bundle import Part
from ..event import JSON
from .data import Data, of_catalogue, of_schema


class KnownEvents:
    """The data of event types. Files of the catalogue are read when first asked about, and only then.

    `schemas` are those of declared types. What is read is kept: many subscribers select the same types.
    """

    def __init__(self, schemas: Mapping[str, JSON]) -> None:
        self._schemas = schemas
        self._found: dict[str, Data | None] = {}

    @classmethod
    def of(cls, declared: Iterable[Part]) -> KnownEvents:
        """With the schemas that stand in the entries of `events`."""
        schemas = {
            kind: part.value["schema"]
            for part in declared
            if isinstance(kind := part.value.get("type"), str) and "schema" in part.value
        }
        return cls(schemas)

    def data(self, events: tuple[str, ...]) -> tuple[Data, ...]:
        """For each of the types; empty where one of them is not known, so nothing is sure."""
        known: list[Data] = []
        for event in events:
            found = self._one(event)
            if found is None:
                return ()
            known.append(found)
        return tuple(known)

    def _one(self, event: str) -> Data | None:
        if event not in self._found:
            self._found[event] = self._read(event)
        return self._found[event]

    def _read(self, event: str) -> Data | None:
        if event in self._schemas:
            return of_schema(self._schemas[event])
        catalogued = load_catalogue().by_type.get(event)
        return of_catalogue(catalogued) if catalogued else None
