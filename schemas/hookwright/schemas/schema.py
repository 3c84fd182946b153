"""The JSON Schemas of this folder, and the configuration's one completed with what plugins bring."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeAlias

from .resources import resource

JSONSchema: TypeAlias = dict[str, Any]
# Family ("auth", "notifier", "signing", "lapp", "secret") -> name -> schema of its configuration.
Fragments: TypeAlias = Mapping[str, Mapping[str, Mapping[str, Any]]]

NOT_YET = "x-hookwright-not-supported-yet"  # its value is a schema of the values not supported yet
FORM = "x-hookwright-form"  # what a text is, for messages

_TYPED_FAMILIES = ("auth", "notifier", "signing")
_SHARED = frozenset(f"#/$defs/{name}" for name in ("duration", "rate", "secret", "size", "text"))


def load_schema(name: str) -> JSONSchema:
    """The schema of that name, such as `config`, as a new dict. Raises FileNotFoundError for another name."""
    schema: JSONSchema = json.loads(_text(name))
    return schema


def config_schema(fragments: Fragments | None = None) -> JSONSchema:
    """The schema of a bundle file, complete with the types plugins bring.

    A fragment describes an object (the keys beside `type`, the `config` of a Lapp); in the family `secret` it
    describes what is asked for (`{NAME: reference}`). It may refer to `#/$defs/secret`, `text`, `duration`,
    `size` and `rate`.
    Without `fragments` any type is taken.
    Raises ValueError when a fragment is not a schema of this kind.
    """
    schema = load_schema("config")
    if fragments is None:
        return schema
    unknown = set(fragments) - {*_TYPED_FAMILIES, "lapp", "secret"}
    if unknown:
        raise ValueError(f"unknown families of plugins: {', '.join(sorted(unknown))}")
    for family in _TYPED_FAMILIES:
        _complete_typed(schema["$defs"], family, fragments.get(family, {}))
    _complete_lapps(schema["$defs"], fragments.get("lapp", {}))
    _complete_reference(schema["$defs"]["reference"], fragments.get("secret", {}))
    return schema


def as_built(schema: JSONSchema, unsupported: Callable[[Any], JSONSchema | bool]) -> JSONSchema:
    """The schema of what this version does: each part that carries NOT_YET is given to `unsupported`.

    `unsupported` gets the schema of the values not supported (True: all of them) and returns keywords to add
    to the part in place of NOT_YET, or False when the whole part is to allow nothing.
    """
    built = _as_built(schema, unsupported, schema)
    assert isinstance(built, dict)  # the root itself is supported
    return built


def strict(schema: JSONSchema) -> JSONSchema:
    """The schema that takes only what this version does."""
    return as_built(schema, lambda what: False if what is True else {"not": what})


def _as_built(part: Any, unsupported: Callable[[Any], JSONSchema | bool], root: JSONSchema) -> Any:
    if isinstance(part, list):
        return [_as_built(item, unsupported, root) for item in part]
    if not isinstance(part, dict):
        return part
    what = True if _behind(root, part).get(NOT_YET) is True else part.get(NOT_YET)
    added = {} if what is None else unsupported(what)
    if not isinstance(added, dict):
        return added
    rest = {key: _as_built(value, unsupported, root) for key, value in part.items() if key != NOT_YET}
    return {**rest, **added}


def _behind(root: JSONSchema, part: JSONSchema) -> JSONSchema:
    """What a bare `$ref` leads to, so that a key is known to be unsupported wherever it is allowed."""
    reference = part.get("$ref")
    if not isinstance(reference, str) or len(part) > 1:
        return {}
    found = referred(root, reference)
    return found if isinstance(found, dict) else {}


def referred(root: JSONSchema, reference: str) -> Any:
    """What `#/$defs/secret` leads to in `root`; an empty schema when there is nothing."""
    found: Any = root
    for step in reference.removeprefix("#/").split("/"):
        found = found.get(step.replace("~1", "/").replace("~0", "~"), {})
    return found


def _complete_typed(defs: JSONSchema, family: str, fragments: Mapping[str, Mapping[str, Any]]) -> None:
    """`type` chooses one of `$defs/<family>/<name>`; each lists the union's own keys beside its own."""
    union = defs[f"any_{family}"]
    own = {key: {"$ref": f"#/$defs/any_{family}/properties/{key}"} for key in union["properties"]}
    union["properties"]["type"]["enum"] = sorted(fragments)
    for name, fragment in sorted(fragments.items()):
        _check(fragment, f"{family} {name}")
        kept = {key: value for key, value in fragment.items() if key not in {"$schema", "$id"}}
        properties = {**own, **fragment.get("properties", {})}
        defs[family][name] = {"additionalProperties": False, **kept, "properties": properties}
        chosen = {"properties": {"type": {"const": name}}, "required": ["type"]}
        union.setdefault("allOf", []).append(
            {"if": chosen, "then": {"$ref": f"#/$defs/{family}/{_pointer(name)}"}}
        )


def _complete_lapps(defs: JSONSchema, fragments: Mapping[str, Mapping[str, Any]]) -> None:
    """`name` chooses what `config` is. Which names there are is checked where the nearest can be told."""
    for name, fragment in sorted(fragments.items()):
        _check(fragment, f"lapp {name}")
        kept = {key: value for key, value in fragment.items() if key not in {"$schema", "$id"}}
        defs["lapp"][name] = {"type": "object", "additionalProperties": False, **kept}
        chosen = {"type": "object", "properties": {"name": {"const": name}}, "required": ["name"]}
        config = {"properties": {"config": {"$ref": f"#/$defs/lapp/{_pointer(name)}"}}}
        defs["any_lapp"].setdefault("allOf", []).append({"if": chosen, "then": config})


def _complete_reference(reference: JSONSchema, fragments: Mapping[str, Mapping[str, Any]]) -> None:
    known = reference["properties"]
    for name, fragment in fragments.items():
        _check(fragment, f"secret {name}")
    documented = {"description": "What to ask this source for."}
    reference["properties"] = {
        name: {**known.get(name, documented), **fragment} for name, fragment in sorted(fragments.items())
    }
    reference["additionalProperties"] = False


def _check(part: Any, where: str) -> None:
    """Fragments stand inside our schema, so `$ref` may only name what we promise to keep there."""
    if isinstance(part, Mapping):
        reference = part.get("$ref")
        if isinstance(reference, str) and reference not in _SHARED:
            raise ValueError(f'the schema of {where} refers to "{reference}", which it may not')
        for value in part.values():
            _check(value, where)
    elif isinstance(part, list):
        for value in part:
            _check(value, where)


def _pointer(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


@cache
def _text(name: str) -> str:
    return resource(f"{name}.schema.json").decode()
