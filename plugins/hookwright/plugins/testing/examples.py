"""A configuration made of the examples in a schema, for checking a plugin nobody wrote a test for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hookwright.rules.event import JSON

_SHARED: Mapping[str, Any] = {
    "#/$defs/secret": {"env": "CHECK"},
    "#/$defs/text": {"env": "CHECK"},
    "#/$defs/duration": "1s",
    "#/$defs/size": "1KiB",
    "#/$defs/rate": "1/s",
}


class NoExample(ValueError):
    """Nothing in the schema says what a valid value looks like."""


def example_of(schema: Mapping[str, Any], at: str = "") -> JSON:
    """The first example of a schema; an object without one is made of its required properties.

    Raises `NoExample`, naming the place.
    """
    for found in (schema.get("examples"), schema.get("enum"), [schema["const"]] if "const" in schema else ()):
        if found:
            return found[0]  # type: ignore[no-any-return]  # a schema is JSON
    if schema.get("$ref") in _SHARED:
        return _SHARED[schema["$ref"]]  # type: ignore[no-any-return]
    if schema.get("type") == "object":
        properties = schema.get("properties", {})
        return {
            name: example_of(properties.get(name, {}), f"{at}/{name}") for name in schema.get("required", ())
        }
    raise NoExample(f"its schema has no example of {at or 'a value'}")


def references_in(value: JSON | Mapping[str, JSON], sources: Collection[str]) -> Iterator[str]:
    """The name in every reference to a secret, `{env: NAME}`; `sources` are the sources there are."""
    if isinstance(value, Mapping):
        ((source, name), *others) = value.items() or [("", None)]
        if not others and source in sources and isinstance(name, str):
            yield name
        for inner in value.values():
            yield from references_in(inner, sources)
    elif isinstance(value, list):
        for inner in value:
            yield from references_in(inner, sources)
