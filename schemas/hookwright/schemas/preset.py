"""A preset: the conventions a bundle starts from, read from a YAML file of this folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any, cast

from .builder import JSON
from .document import parse
from .resources import resource
from .schema import NOT_YET, load_schema


@dataclass(frozen=True, slots=True)
class Preset:
    """`defaults` and `families` (by the family of the event) are merged in this order, before a bundle's own.

    They hold what this version does; what it does not do yet stands in the file and stays inactive. `limits`
    are counts, such as how many headers a target may have; `requires` are keys that every target must have.
    """

    name: str
    version: int
    defaults: Mapping[str, JSON] = field(hash=False)
    families: Mapping[str, Mapping[str, JSON]] = field(hash=False)
    limits: Mapping[str, int] = field(hash=False)
    requires: tuple[str, ...] = ()


@cache
def load_preset(name: str) -> Preset:
    """Read once and then shared. Raises FileNotFoundError for a name there is no preset of."""
    content = read_preset(name)
    schema = load_schema("config")
    properties = _properties(schema)
    return Preset(
        name=content["name"],
        version=content["version"],
        defaults=MappingProxyType(_active(content["defaults"], properties)),
        families=MappingProxyType(
            {key: _active(value, properties) for key, value in content["families"].items()}
        ),
        limits=MappingProxyType(content["limits"]),
        requires=tuple(content.get("requires", ())),
    )


def read_preset(name: str) -> dict[str, Any]:
    """The file as it stands, inactive parts and all: what the documentation shows."""
    raw = resource(f"{name}.yaml", folder="presets")
    document = parse(raw, name=f"{name}.yaml").document
    assert document is not None  # our own file
    return cast("dict[str, Any]", document.value)


def _properties(schema: dict[str, Any]) -> dict[str, Any]:
    """Every key `defaults` may have, with its own schema."""
    kinds = schema["$defs"]["subscriber"], schema["$defs"]["target"]
    return {name: part for kind in kinds for name, part in kind["properties"].items()}


def _active(values: dict[str, JSON], properties: dict[str, Any]) -> dict[str, JSON]:
    """Without the keys, at any depth, that the schema says are not supported yet."""
    active: dict[str, JSON] = {}
    for key, value in values.items():
        schema = properties.get(key, {})
        if schema.get(NOT_YET) is not True:
            active[key] = _active(value, schema.get("properties", {})) if isinstance(value, dict) else value
    return active
