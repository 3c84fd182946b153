"""Every fault of a value against a schema: slow to import and to run, so asked only of what has one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs
from jsonschema import Draft202012Validator, ValidationError, validators
from referencing import Registry

from .builder import JSON
from .explain import Fault, Path
from .schema import NOT_YET, JSONSchema, as_built, referred, strict


class Faults:
    """Finds the faults of values against one schema; to have what carries NOT_YET is a fault of its own."""

    def __init__(self, schema: JSONSchema) -> None:
        self._annotated = as_built(schema, lambda what: {NOT_YET: what})
        self._strict = strict(schema)
        self._sound: dict[str, jsonschema_rs.Draft202012Validator] = {}
        keywords = {
            NOT_YET: _not_yet,
            "pattern": _pattern,
            "$ref": self._reference,
            "properties": self._properties,
        }
        annotated: Any = validators.extend(Draft202012Validator, keywords)  # type: ignore[no-untyped-call]
        self._validator = annotated(self._annotated, registry=Registry())  # nothing is ever fetched

    def of(self, value: JSON) -> Iterator[tuple[Fault, Path]]:
        """Each fault, and the way to what has it."""
        for error in self._validator.iter_errors(value):
            yield _fault(error), list(error.absolute_path)

    def _reference(self, validator: Any, to: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:
        """`$ref`: most of what there is stands behind one, and what is sound there is passed by quickly."""
        if not self._is_sound({"$ref": to}, instance):
            yield from validator.descend(instance, referred(self._annotated, to))

    def _properties(
        self, validator: Any, properties: Any, instance: Any, _schema: Any
    ) -> Iterator[ValidationError]:
        """`properties`, without so much as a step towards what is sound."""
        for name, part in properties.items() if validator.is_type(instance, "object") else ():
            if name in instance and not self._is_sound(part, instance[name]):
                yield from validator.descend(instance[name], part, path=name, schema_path=name)

    def _is_sound(self, part: Any, instance: Any) -> bool:
        """Whether that is known quickly: of a bare `$ref`."""
        if not isinstance(part, dict) or part.keys() != {"$ref"}:
            return False
        to = part["$ref"]
        if to not in self._sound:
            alone = {"$defs": self._strict["$defs"], **part}
            self._sound[to] = jsonschema_rs.Draft202012Validator(alone, offline=True)
        return self._sound[to].is_valid(instance)


def _fault(error: ValidationError) -> Fault:
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    keyword = error.validator if isinstance(error.validator, str) else ""
    within = list(error.relative_schema_path)
    return Fault(keyword, error.validator_value, error.instance, schema, error.message, within)


def _not_yet(validator: Any, what: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if validator.evolve(schema=what).is_valid(instance):
        yield ValidationError("not supported yet")


def _pattern(validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    """As ECMA 262 has it: `$` is the end of the text, not the place before a last line break."""
    if validator.is_type(instance, "string") and not re.search(re.sub(r"\$$", r"\\Z", pattern), instance):
        yield ValidationError("does not match")
