"""Forms: `anyOf` and `oneOf`, explained one branch at a time.

A validator that is asked why data fits no branch tells every mistake in every branch: of a list of 131,000
items, 262,000 mistakes, for 16 seconds. So for explanations the two keywords are replaced by one that only
says that no branch fits; each branch can then be asked for its first mistake.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import jsonschema_rs

from ..builder import JSON
from .keywords import DRAFT, KEYWORDS, Takes
from .parts import Path, Targets, below, pointer, subschemas

KEYWORD: Final = "x-hookwright-forms"
_KEYS: Final = ("anyOf", "oneOf")


@dataclass(frozen=True, slots=True)
class Branches:
    """The branches of one `anyOf`, or with `exclusive` of one `oneOf`."""

    fast: tuple[jsonschema_rs.Validator, ...]
    explaining: tuple[jsonschema_rs.Validator, ...]
    written: tuple[JSON, ...]  # as `explaining` has them
    exclusive: bool

    def fitting(self, value: JSON) -> int:
        """How many of them a value fits."""
        return sum(each.is_valid(value) for each in self.fast)

    def refuse(self, value: JSON) -> bool:
        """Whether it is not as many as it must."""
        fitting = self.fitting(value)
        return fitting != 1 if self.exclusive else not fitting


class Forms:
    """A schema, compiled to be explained. `options` are those of its other compilation."""

    def __init__(self, schema: JSON, options: Mapping[str, Any]) -> None:
        moved = _moved(schema)
        fast = jsonschema_rs.validator_map_for(_of_draft(schema), **options)
        self.branches: dict[str, Branches] = {}
        keywords = {KEYWORD: _keyword(self.branches)}
        rewritten = _Rewriting(moved, Targets(schema)).part(schema, ())
        explaining = jsonschema_rs.validator_map_for(_of_draft(rewritten), keywords=keywords, **options)
        written = dict(subschemas(rewritten))
        self.root, self.written = explaining["#"], rewritten
        for path, part in subschemas(schema):
            for key, count in _forms(part):
                places = [(*path, key, index) for index in range(count)]
                self.branches[pointer((*path, key))] = Branches(
                    tuple(fast[pointer(each)] for each in places),
                    tuple(explaining[pointer(moved[each])] for each in places),
                    tuple(written[moved[each]] for each in places),
                    exclusive=key == "oneOf",
                )


def has_forms(schema: JSON) -> bool:
    """Whether there is a branch anywhere in a schema."""
    if isinstance(schema, dict):
        return bool(_forms(schema)) or any(has_forms(each) for _, each in below(schema))
    return False


def _keyword(branches: Mapping[str, Branches]) -> type:
    """The keyword's class; its value is the name of the branches."""

    class Keyword:
        def __init__(self, _schema: object, value: str, _path: object) -> None:
            self._name = value

        def validate(self, instance: Any) -> None:
            if branches[self._name].refuse(instance):
                raise ValueError(self._name)

    return Keyword


def _forms(schema: JSON) -> list[tuple[str, int]]:
    """The keywords of a schema that have branches, and how many each has."""
    if not isinstance(schema, dict):
        return []
    return [(key, len(each)) for key in _KEYS if isinstance(each := schema.get(key), list)]


def _moved(schema: JSON, old: Path = (), new: Path = ()) -> dict[Path, Path]:
    """Where each schema stands when all branches stand in `allOf`, by where it stood."""
    found = {old: new}
    if not isinstance(schema, dict):
        return found
    also = schema.get("allOf")
    first = len(also) if isinstance(also, list) else 0
    places = {key: first + index for index, (key, _) in enumerate(_forms(schema))}
    for step, each in below(schema):
        key = str(step[0])
        here = ("allOf", places[key], "anyOf", int(step[1]) + 1) if key in places else step
        found |= _moved(each, (*old, *step), (*new, *here))
    return found


@dataclass(frozen=True, slots=True)
class _Rewriting:
    moved: Mapping[Path, Path]
    targets: Targets

    def part(self, schema: JSON, old: Path) -> JSON:
        if not isinstance(schema, dict):
            return schema
        parts = {key: self._value(key, value, (*old, key)) for key, value in schema.items()}
        forms = [self._form(parts.pop(key), (*old, key)) for key, _ in _forms(schema)]
        also = parts.get("allOf", [])
        if forms and isinstance(also, list):
            parts["allOf"] = [*also, *forms]
        return parts

    def _value(self, key: str, value: JSON, old: Path) -> JSON:
        takes = KEYWORDS.get(key)
        if takes is Takes.SCHEMA:
            return self.part(value, old)
        if takes is Takes.SCHEMAS and isinstance(value, list):
            return [self.part(each, (*old, index)) for index, each in enumerate(value)]
        if takes in {Takes.NAMED_SCHEMAS, Takes.PATTERNED_SCHEMAS} and isinstance(value, dict):
            return {name: self.part(each, (*old, name)) for name, each in value.items()}
        target = self.targets.find(value) if takes is Takes.REFERENCE and isinstance(value, str) else None
        return value if target is None else pointer(self.moved[target])

    def _form(self, branches: JSON, old: Path) -> JSON:
        """`true` stands first, so that the branches only count for what `unevaluatedProperties` asks."""
        listed = branches if isinstance(branches, list) else []
        return {"anyOf": [True, *listed], KEYWORD: pointer(old)}


def _of_draft(schema: JSON) -> dict[str, JSON]:
    assert isinstance(schema, dict)
    return {**{key: value for key, value in schema.items() if key != "$id"}, "$schema": DRAFT}
