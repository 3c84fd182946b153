"""Checks a document against the configuration's schema: a fast yes or no, and a full explanation of a no."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import jsonschema_rs
from jsonschema import Draft202012Validator, ValidationError, validators
from referencing import Registry

from .builder import JSON
from .document import Document
from .explain import Explainer, Fault, Path
from .problem import Problem
from .schema import NOT_YET, Fragments, JSONSchema, as_built, config_schema, load_schema
from .suspects import suspects

__all__ = ["Fragments", "config_schema", "load_schema", "validate"]


_OF_PARTS = frozenset({"HW012", "HW014", "HW023"})  # said of a mapping, about the keys it has or lacks
_OF_VALUES = frozenset({"HW013", "HW016"})  # said of a value, which they quote
MOST_ENTRIES = 100_000  # of one list, as the schema has it


def validate(document: Document, fragments: Fragments | None = None) -> list[Problem]:
    """All problems of a bundle file, in the order of the document; warnings among them.

    `fragments` are the schemas plugins bring (see `config_schema`); without them any `type` is taken.
    Raises ValueError when a fragment is unfit.
    """
    checker = _checker(None if fragments is None else json.dumps(fragments, sort_keys=True, default=dict))
    explainer = Explainer(document)
    problems = [] if checker.fast.is_valid(document.value) else checker.explain(document.value, explainer)
    suspected = suspects(document)
    problems = [*_unquoted(problems, suspected), *suspected]
    return sorted(_once(problems), key=lambda problem: (problem.place.line, problem.place.column))


def _unquoted(problems: list[Problem], suspected: list[Problem]) -> Iterator[Problem]:
    """Of a literal that looks like a secret no message quotes what is wrong with it: it is not to be one."""
    literals = {problem.path: problem for problem in suspected}
    for problem in problems:
        literal = literals.get(problem.path) if problem.code in _OF_VALUES else None
        yield replace(literal, severity="error") if literal else problem


def _once(problems: list[Problem]) -> Iterable[Problem]:
    """Of one value the first problem only: what else is said of it mostly follows from that one."""
    first: dict[tuple[object, ...], Problem] = {}
    for problem in problems:
        message = problem.message if problem.code in _OF_PARTS else ""
        first.setdefault((problem.path, message), problem)
    return first.values()


class _Checker:
    """The validators of one set of fragments."""

    def __init__(self, schema: JSONSchema) -> None:
        strict = as_built(schema, lambda what: False if what is True else {"not": what})
        # Nothing is ever fetched: a `$ref` that leads outside is an error when this is built.
        self.fast = jsonschema_rs.Draft202012Validator(strict, offline=True)
        self._entries = {
            key: jsonschema_rs.Draft202012Validator({"$defs": strict["$defs"], **part["items"]}, offline=True)
            for key, part in strict["properties"].items()
            if isinstance(part, dict) and "items" in part
        }
        self._slow = _Annotated(as_built(schema, lambda what: {NOT_YET: what}), registry=Registry())

    def explain(self, value: JSON, explainer: Explainer) -> list[Problem]:
        """Every failing part of a long list is explained, and none of the sound ones is looked at again."""
        reduced, numbers = self._reduced(value)
        problems: list[Problem] = []
        for error in self._slow.iter_errors(reduced):
            problems += explainer.problems(_fault(error), _restored(error.absolute_path, numbers))
        if not problems:  # the two disagree: one sentence of the fast one is better than none
            error = next(self.fast.iter_errors(value))
            problems.append(explainer.bare(error.message, error.instance_path))
        return problems

    def _reduced(self, value: JSON) -> tuple[JSON, dict[str, list[int]]]:
        """The document with only the failing entries in its lists, and their true numbers for each list."""
        if not isinstance(value, dict):
            return value, {}
        reduced, numbers = dict(value), dict[str, list[int]]()
        for key, validator in self._entries.items():
            entries = value.get(key)
            if isinstance(entries, list) and len(entries) <= MOST_ENTRIES:
                failing = [number for number, entry in enumerate(entries) if not validator.is_valid(entry)]
                numbers[key], reduced[key] = failing, [entries[number] for number in failing]
        return reduced, numbers


@lru_cache(maxsize=8)
def _checker(fragments: str | None) -> _Checker:
    return _Checker(config_schema(None if fragments is None else json.loads(fragments)))


def _fault(error: ValidationError) -> Fault:
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    keyword = error.validator if isinstance(error.validator, str) else ""
    within = list(error.relative_schema_path)
    return Fault(keyword, error.validator_value, error.instance, schema, error.message, within)


def _restored(path: Any, numbers: dict[str, list[int]]) -> Path:
    full: Path = list(path)
    if len(full) > 1 and full[0] in numbers:
        full[1] = numbers[str(full[0])][int(full[1])]
    return full


def _not_yet(validator: Any, what: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if validator.evolve(schema=what).is_valid(instance):
        yield ValidationError("not supported yet")


def _pattern(validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    """As ECMA 262 has it: `$` is the end of the text, not the place before a last line break."""
    if validator.is_type(instance, "string") and not re.search(re.sub(r"\$$", r"\\Z", pattern), instance):
        yield ValidationError("does not match")


_Annotated: Any = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, {NOT_YET: _not_yet, "pattern": _pattern}
)
