"""What data is told that does not fit its schema: a sentence with the place, in the words of JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from jsonschema_rs import ValidationError, Validator

from ..builder import JSON
from ..nearest import did_you_mean
from ..wording import cut, show
from .forms import KEYWORD, Branches
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


@dataclass(frozen=True, slots=True)
class Asked:
    """What errors are explained with: the schemas they may be of, the nearest first, and branches by name.

    With `thorough` every error of a branch is told, else the first.
    """

    schemas: tuple[JSON, ...]
    branches: Mapping[str, Branches]
    thorough: bool = True


def sentences(error: ValidationError, asked: Asked, base: Path = ()) -> Iterator[Misfit]:
    """The misfits that one error of the validator stands for; `base` leads to the value it was given."""
    path = (*base, *error.instance_path)
    kind = error.kind.name
    special = _SPECIAL.get(kind)
    if special is not None:
        yield from special(error, path, asked)
        return
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
        limit = _wanted_value(limit)
    size = len(value) if isinstance(value, Sized) else 0
    return said.format(limit=limit, got=_shown(value), size=size)


def _enum(error: ValidationError, path: Path, _asked: Asked) -> Iterator[Misfit]:
    value = error.instance
    options: list[Any] = error.kind.as_dict()["options"]
    texts = [each for each in options if isinstance(each, str)]
    guess = did_you_mean(value, texts) if isinstance(value, str) and len(value) < 100 else None
    more = ", …" if len(options) > _NAMED else ""
    listed = ", ".join(map(_wanted_value, options[:_NAMED])) + more
    message = f"{_subject(path)} must be one of {listed}, not {_shown(value)}"
    yield Misfit(path, message + (f" ({guess})" if guess else ""))


def _required(error: ValidationError, path: Path, _asked: Asked) -> Iterator[Misfit]:
    name = str(error.kind.as_dict()["property"])
    names = _names(error.instance)
    guess = did_you_mean(name, names)
    where = f" in {_subject(path)}" if path else ""
    yield Misfit(path, f'missing field "{cut(name)}"{where}' + (f" ({guess})" if guess else ""))


def _unexpected(error: ValidationError, path: Path, asked: Asked) -> Iterator[Misfit]:
    """One misfit a field: what would be right is sought among the names beside the keyword."""
    unexpected: list[str] = error.kind.as_dict()["unexpected"]
    known = _names(_beside(error, asked, unexpected))
    for name in islice(unexpected, _NAMED):
        guess = did_you_mean(name, known) if len(name) < 100 else None
        yield Misfit((*path, name), f'unknown field "{cut(name)}"' + (f" ({guess})" if guess else ""))


def _surplus(_error: ValidationError, path: Path, _asked: Asked) -> Iterator[Misfit]:
    yield Misfit(path, f"{_subject(path)} holds more items than it may")


def _forbidden(error: ValidationError, path: Path, _asked: Asked) -> Iterator[Misfit]:
    """A value where none may be; the validator says so of an object, too, of which all fields are unknown."""
    fields = error.schema_path[-1:] in (["additionalProperties"], ["unevaluatedProperties"])
    yield Misfit(path, f"{_subject(path)} {'may have no fields' if fields else 'must not be there'}")


def _name(error: ValidationError, path: Path, _asked: Asked) -> Iterator[Misfit]:
    """A field whose very name does not fit."""
    inner: ValidationError = error.kind.as_dict()["error"]
    name = str(inner.instance)
    yield Misfit((*path, name), f'the name of the field "{cut(name)}" {_predicate(inner, inner.kind.name)}')


def _forms(error: ValidationError, path: Path, asked: Asked) -> Iterator[Misfit]:
    """Of several forms the nearest: one of the right type whose first mistake lies deepest."""
    branches: Branches = asked.branches[error.message]
    value: Any = error.instance
    if branches.fitting(value):
        yield Misfit(path, f"{_subject(path)} fits more than one of the forms of which it may have one")
        return
    firsts = [_first(each, value) for each in branches.explaining]
    near = [(first, at) for at, first in enumerate(firsts) if first and not _wanted(first)]
    if not near:
        names = dict.fromkeys(name for first in firsts if first for name in _wanted(first))
        yield Misfit(path, f"{_subject(path)} must be {_types(list(names))}, not {_shown(value)}")
        return
    if len(near) != 1:
        yield Misfit(path, f"{_subject(path)} fits none of the {len(firsts)} forms it may have")
    first, at = max(near, key=lambda each: len(each[0].instance_path))
    errors = branches.explaining[at].iter_errors(value) if asked.thorough else [first]
    inside = Asked((branches.written[at], *asked.schemas), asked.branches, asked.thorough)
    for each in errors:
        yield from sentences(each, inside, path)


def _first(validator: Validator, value: JSON) -> ValidationError | None:
    try:
        validator.validate(value)
    except ValidationError as error:
        return error
    return None


def _wanted(error: ValidationError) -> list[str]:
    """The types that are asked for at the very place; none when that is not what is wrong."""
    here = error.kind.name == "type" and not error.instance_path
    return list(error.kind.as_dict()["types"]) if here else []


def _beside(error: ValidationError, asked: Asked, unexpected: Sequence[str]) -> JSON:
    """The fields that stand beside the keyword of an error. Its way to there may begin at several schemas."""
    *way, keyword = error.schema_path
    for schema in asked.schemas:
        parent = _at(schema, way)
        fields = parent.get("properties") if isinstance(parent, dict) and keyword in parent else None
        if isinstance(fields, dict) and not fields.keys() & set(unexpected):
            return fields
    return None


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


def _wanted_value(value: object) -> str:
    """A value of the schema, as it has to be: an object or an array, too, is written out."""
    return cut(json.dumps(value, ensure_ascii=False)) if isinstance(value, dict | list) else show(value)


def _subject(path: Path) -> str:
    """The nearest field, with the numbers that lead on from it, from 0 as in a JSON Pointer: "Tags[0]"."""
    name, numbers = "", ""
    for step in reversed(path):
        if isinstance(step, str):
            name = cut(step)
            break
        numbers = f"[{step}]{numbers}"
    return f'"{name}{numbers}"' if path else "the data"


_Special: TypeAlias = Callable[[ValidationError, Path, Asked], Iterator[Misfit]]
_SPECIAL: Mapping[str, _Special] = MappingProxyType(
    {
        "additionalProperties": _unexpected,
        "enum": _enum,
        "falseSchema": _forbidden,
        KEYWORD: _forms,
        "propertyNames": _name,
        "required": _required,
        "unevaluatedItems": _surplus,
        "unevaluatedProperties": _unexpected,
    }
)
