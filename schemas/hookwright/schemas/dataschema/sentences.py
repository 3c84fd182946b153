"""What data is told that does not fit its schema: a sentence with the place, in the words of JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from jsonschema_rs import ValidationError

from ..builder import JSON
from ..nearest import did_you_mean
from ..wording import cut, show
from .parts import Path

_NAMED: Final = 20  # names that are told, or among which the nearest is sought is ten times as many
_A: Final[Mapping[str, str]] = MappingProxyType(
    {
        "array": "an array", "boolean": "true or false", "integer": "an integer", "null": "null",
        "number": "a number", "object": "an object", "string": "a string",
    }
)  # fmt: skip
# What is said of one value, by keyword: a text with the `limit` of the schema and the value it `got`.
_SAID: Final[Mapping[str, str]] = MappingProxyType(
    {
        "const": "must be {limit}, not {got}",
        "contains": "does not hold the items it must hold",
        "exclusiveMaximum": "must be less than {limit}, not {got}",
        "exclusiveMinimum": "must be more than {limit}, not {got}",
        "format": "must be of the format {limit}, not {got}",
        "maximum": "must be at most {limit}, not {got}",
        "maxItems": "must have at most {limit} items, not {size}",
        "maxLength": "must have at most {limit} characters, not {size}",
        "maxProperties": "must have at most {limit} fields, not {size}",
        "minimum": "must be at least {limit}, not {got}",
        "minItems": "must have at least {limit} items, not {size}",
        "minLength": "must have at least {limit} characters, not {size}",
        "minProperties": "must have at least {limit} fields, not {size}",
        "multipleOf": "must be a multiple of {limit}, not {got}",
        "not": "is as it must not be",
        "pattern": "must be as the pattern {limit} has it, not {got}",
        "type": "must be {limit}, not {got}",
        "uniqueItems": "holds an item twice",
    }
)
# Where an error keeps that limit; `limit` unless named here.
_LIMIT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "const": "expected_value", "format": "format", "multipleOf": "multiple_of", "pattern": "pattern",
        "type": "types",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Misfit:
    """What does not fit at `path` in the data. `message` is a sentence that names the field."""

    path: Path
    message: str


def sentences(error: ValidationError, schema: JSON) -> Iterator[Misfit]:
    """The misfits that one error of the validator stands for; `schema` is the one it validates against."""
    kind = error.kind.name
    special = _SPECIAL.get(kind)
    if special is not None:
        yield from special(error, schema)
        return
    path = tuple(error.instance_path)
    yield Misfit(path, f"{_subject(path)} {_predicate(error, kind)}")


def _predicate(error: ValidationError, kind: str) -> str:
    said = _SAID.get(kind)
    if said is None:
        return f"does not fit: {cut(error.message, 200)}"
    value: Any = error.instance
    limit: Any = error.kind.as_dict().get(_LIMIT.get(kind, "limit"))
    if kind == "type":
        limit = _types(limit)
    elif kind in {"format", "pattern"}:
        limit = cut(str(limit))
    else:
        limit = _shown(limit)
    size = len(value) if isinstance(value, Sized) else 0
    return said.format(limit=limit, got=_shown(value), size=size)


def _enum(error: ValidationError, _schema: JSON) -> Iterator[Misfit]:
    path, value = tuple(error.instance_path), error.instance
    options: list[Any] = error.kind.as_dict()["options"]
    texts = [each for each in options if isinstance(each, str)]
    guess = did_you_mean(value, texts) if isinstance(value, str) and len(value) < 100 else None
    more = ", …" if len(options) > _NAMED else ""
    listed = ", ".join(map(_shown, options[:_NAMED])) + more
    message = f"{_subject(path)} must be one of {listed}, not {_shown(value)}"
    yield Misfit(path, message + (f" ({guess})" if guess else ""))


def _required(error: ValidationError, _schema: JSON) -> Iterator[Misfit]:
    path, name = tuple(error.instance_path), str(error.kind.as_dict()["property"])
    names = _names(error.instance)
    guess = did_you_mean(name, names)
    where = f" in {_subject(path)}" if path else ""
    yield Misfit(path, f'missing field "{cut(name)}"{where}' + (f" ({guess})" if guess else ""))


def _unexpected(error: ValidationError, schema: JSON) -> Iterator[Misfit]:
    """One misfit a field: what would be right is sought among the names beside the keyword."""
    path = tuple(error.instance_path)
    parent = _at(schema, error.schema_path[:-1])
    known = _names(parent.get("properties") if isinstance(parent, dict) else None)
    for name in islice(error.kind.as_dict()["unexpected"], _NAMED):
        guess = did_you_mean(name, known) if len(name) < 100 else None
        yield Misfit((*path, name), f'unknown field "{cut(name)}"' + (f" ({guess})" if guess else ""))


def _surplus(error: ValidationError, _schema: JSON) -> Iterator[Misfit]:
    path = tuple(error.instance_path)
    yield Misfit(path, f"{_subject(path)} holds more items than it may")


def _forbidden(error: ValidationError, _schema: JSON) -> Iterator[Misfit]:
    """A value where none may be; the validator says so of an object, too, of which all fields are unknown."""
    path = tuple(error.instance_path)
    fields = error.schema_path[-1:] in (["additionalProperties"], ["unevaluatedProperties"])
    yield Misfit(path, f"{_subject(path)} {'may have no fields' if fields else 'must not be there'}")


def _name(error: ValidationError, _schema: JSON) -> Iterator[Misfit]:
    """A field whose very name does not fit."""
    path = tuple(error.instance_path)
    inner: ValidationError = error.kind.as_dict()["error"]
    name = str(inner.instance)
    yield Misfit((*path, name), f'the name of the field "{cut(name)}" {_predicate(inner, inner.kind.name)}')


def _branches(error: ValidationError, schema: JSON) -> Iterator[Misfit]:
    """Of several forms the nearest: one that is of the right type, and lacks least."""
    path = tuple(error.instance_path)
    branches: list[list[ValidationError]] = error.kind.as_dict()["context"]
    if not all(branches):
        yield Misfit(path, f"{_subject(path)} fits more than one of the forms of which it may have one")
        return
    typed = [each for each in branches if not _of_other_type(each, path)]
    if not typed:
        names = dict.fromkeys(name for each in branches for name in _wanted(each, path))
        yield Misfit(path, f"{_subject(path)} must be {_types(list(names))}, not {_shown(error.instance)}")
        return
    if len(typed) != 1:
        yield Misfit(path, f"{_subject(path)} fits none of the {len(branches)} forms it may have")
    for inner in min(typed, key=len):
        yield from sentences(inner, schema)


def _wanted(branch: Sequence[ValidationError], path: Path) -> list[str]:
    """The types a branch asks for at this very place."""
    here = (each for each in branch if each.kind.name == "type" and tuple(each.instance_path) == path)
    return [name for each in here for name in each.kind.as_dict()["types"]]


def _of_other_type(branch: Sequence[ValidationError], path: Path) -> bool:
    return bool(_wanted(branch, path))


def _at(schema: JSON, path: Sequence[str | int]) -> JSON:
    """What stands there in a schema; None when nothing does."""
    for step in path:
        if isinstance(schema, dict) and isinstance(step, str):
            schema = schema.get(step)
        elif isinstance(schema, list) and isinstance(step, int) and step < len(schema):
            schema = schema[step]
        else:
            return None
    return schema


def _names(value: object) -> list[str]:
    """Some of an object's names: among very many no nearest one is sought."""
    return [name for name in islice(value, 10 * _NAMED) if len(name) < 100] if isinstance(value, dict) else []


def _types(names: Sequence[str]) -> str:
    return " or ".join(_A[name] for name in sorted(names, key=lambda name: (name == "null", name)))


def _shown(value: object) -> str:
    """A value as JSON, cut where it grows long; an object or an array by its kind."""
    if isinstance(value, dict | list):
        return _A["object" if isinstance(value, dict) else "array"]
    return show(value)


def _subject(path: Path) -> str:
    """The nearest field, with the numbers that lead on from it, from 0 as in a JSON Pointer: "Tags[0]"."""
    name, numbers = "", ""
    for step in reversed(path):
        if isinstance(step, str):
            name = cut(step)
            break
        numbers = f"[{step}]{numbers}"
    return f'"{name}{numbers}"' if path else "the data"


_Special: TypeAlias = Callable[[ValidationError, JSON], Iterator[Misfit]]
_SPECIAL: Mapping[str, _Special] = MappingProxyType(
    {
        "additionalProperties": _unexpected,
        "anyOf": _branches,
        "enum": _enum,
        "falseSchema": _forbidden,
        "oneOf": _branches,
        "propertyNames": _name,
        "required": _required,
        "unevaluatedItems": _surplus,
        "unevaluatedProperties": _unexpected,
    }
)
