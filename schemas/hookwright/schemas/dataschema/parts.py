"""The parts of a JSON Schema: every schema in it, what applies to the same value, what to a value inside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias
from urllib.parse import unquote

from ..builder import JSON
from .keywords import KEYWORDS, Takes

Path: TypeAlias = tuple[str | int, ...]

HERE: Final = frozenset({"allOf", "anyOf", "dependentSchemas", "else", "if", "not", "oneOf", "then"})
"""Keywords whose schemas apply to the very value that theirs applies to; `$ref` is one more."""

_ITEMS: Final = frozenset({"contains", "items", "unevaluatedItems"})
_FIELDS: Final = frozenset(
    {"additionalProperties", "patternProperties", "propertyNames", "unevaluatedProperties"}
)
EVERY_FIELD: Final = "every field"
EVERY_ITEM: Final = "every item"


def below(schema: Mapping[str, JSON]) -> Iterator[tuple[Path, JSON]]:
    """The schemas directly in this one, each with the way to it. What is none is passed by."""
    for key, value in schema.items():
        takes = KEYWORDS.get(key)
        if takes is Takes.SCHEMA:
            yield (key,), value
        elif takes is Takes.SCHEMAS and isinstance(value, list):
            yield from (((key, index), each) for index, each in enumerate(value))
        elif takes in {Takes.NAMED_SCHEMAS, Takes.PATTERNED_SCHEMAS} and isinstance(value, dict):
            yield from (((key, name), each) for name, each in value.items())


def subschemas(schema: JSON, path: Path = ()) -> Iterator[tuple[Path, JSON]]:
    """The schema itself and every schema in it, outer ones first."""
    yield path, schema
    if isinstance(schema, dict):
        for step, each in below(schema):
            yield from subschemas(each, (*path, *step))


def slot(step: Path) -> str | tuple[str, str | int] | None:
    """Which values inside the value a schema below applies to: one field or item, or every one.

    None for the very same value, and for none at all.
    """
    key = step[0]
    if key in {"properties", "prefixItems"}:
        return (str(key), step[1])
    if key in _ITEMS:
        return EVERY_ITEM
    return EVERY_FIELD if key in _FIELDS else None


class Targets:
    """Where the references of one schema may lead: to any schema in it."""

    def __init__(self, schema: JSON) -> None:
        self._by_reference: dict[str, Path] = {}
        for path, each in subschemas(schema):
            self._by_reference[pointer(path)] = path
            anchor = each.get("$anchor") if isinstance(each, dict) else None
            if isinstance(anchor, str):
                self._by_reference.setdefault(f"#{anchor}", path)

    def find(self, reference: str) -> Path | None:
        """The path of the schema that is meant; None when there is none."""
        found = self._by_reference.get(unquote(reference))
        return self._root(reference) if found is None else found

    def named(self) -> list[str]:
        """The references people write: to `$defs`, and to anchors."""
        return [each for each in self._by_reference if each.startswith("#/$defs/") or "/" not in each]

    def _root(self, reference: str) -> Path | None:
        return () if reference in {"#", "#/"} else None


def pointer(path: Path) -> str:
    """A reference to what stands there."""
    return "#" + "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
