"""Puts secrets in place of the references to them, wherever a schema says that one may stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .hookspecs import JSONSchema, Secrets

if TYPE_CHECKING:
    from hookwright.rules.event import JSON

_REFERENCES = frozenset({"#/$defs/secret", "#/$defs/text"})
_CHOICES = ("allOf", "anyOf", "oneOf")


def resolved(value: JSON, schema: JSONSchema, secrets: Secrets) -> JSON:
    """`value` with each secret reference in it looked up; what `schema` does not call a secret stays.

    Properties, items, and choices between schemas are followed. Raises whatever `secrets` raises.
    """
    return _resolved(value, [schema], secrets)


def _resolved(value: JSON, schemas: list[Any], secrets: Secrets) -> JSON:
    known = list(_all(schemas))
    if isinstance(value, dict):
        if any(each.get("$ref") in _REFERENCES for each in known):
            return secrets(value)
        return {
            key: _resolved(inner, [_of(each, key) for each in known], secrets) for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_resolved(inner, [each.get("items") for each in known], secrets) for inner in value]
    return value


def _all(schemas: list[Any]) -> Iterator[Mapping[str, Any]]:
    """The schemas that are any, and those they choose between."""
    for schema in schemas:
        if isinstance(schema, Mapping):
            yield schema
            for key in _CHOICES:
                yield from _all(schema.get(key, []))


def _of(schema: Mapping[str, Any], key: str) -> Any:
    return schema.get("properties", {}).get(key, schema.get("additionalProperties"))
