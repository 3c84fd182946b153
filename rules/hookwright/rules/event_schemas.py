"""The schemas of event types: read from a bundle's `events`, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from hookwright.schemas.dataschema import schema_faults
from hookwright.schemas.problem import Problem

from .bundle import Part
from .errors import SourceError
from .event import JSON
from .merge import Layer

KEY = "schema"


def event_schemas(declared: Iterable[Layer]) -> Mapping[str, JSON]:
    """The schemas of valid entries, by event type, as written. Raises `SourceError` for what is none."""
    found: dict[str, JSON] = {}
    for entry in declared:
        if KEY in entry:
            schema = entry[KEY]
            if not isinstance(schema, dict | bool):
                raise SourceError(f"this version cannot read the schema of {entry['type']}")
            found[str(entry["type"])] = schema
    return MappingProxyType(found)


def schema_problems(part: Part) -> Iterator[Problem]:
    """What is wrong with a schema, where it stands in it."""
    for fault in schema_faults(dict(part.value)):
        yield part.problem(
            fault.code,
            fault.message,
            *fault.path,
            hint=fault.hint,
            severity=fault.severity,
            key=fault.key,
        )
