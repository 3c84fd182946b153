"""Checks a document against the configuration's schema: a fast yes or no, and a full explanation of a no."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import jsonschema_rs

from .builder import JSON
from .comments import cut_short
from .document import Document
from .explain import Explainer
from .problem import Problem
from .schema import Fragments, JSONSchema, config_schema, load_schema, strict
from .suspects import suspects

if TYPE_CHECKING:
    from .faults import Faults

__all__ = ["Fragments", "config_schema", "load_schema", "validate", "validate_as"]


_OF_PARTS = frozenset({"HW012", "HW014", "HW023"})  # said of a mapping, about the keys it has or lacks
_OF_VALUES = frozenset({"HW013", "HW016"})  # said of a value, which they quote
LATER = "HW022"  # said of a key or a value, whatever else is wrong with it


def validate(document: Document, fragments: Fragments | None = None) -> list[Problem]:
    """All problems of a bundle file, in the order of the document; warnings among them.

    `fragments` are the schemas plugins bring (see `config_schema`); without them any `type` is taken.
    Raises ValueError when a fragment is unfit.
    """
    checker = _checker(None if fragments is None else json.dumps(fragments, sort_keys=True, default=dict))
    explainer = Explainer(document)
    problems = [] if checker.fast.is_valid(document.value) else checker.explain(document.value, explainer)
    suspected = suspects(document)
    problems = [*_unquoted(_outermost(problems), suspected), *suspected, *cut_short(document)]
    return sorted(_once(problems), key=lambda problem: (problem.place.line, problem.place.column))


def validate_as(name: str, document: Document) -> list[Problem]:
    """All problems of a document that the schema of that name, such as `timeline`, describes."""
    checker = _named_checker(name)
    if checker.fast.is_valid(document.value):
        return []
    problems = checker.explain(document.value, Explainer(document))
    return sorted(_once(problems), key=lambda problem: (problem.place.line, problem.place.column))


def _outermost(problems: list[Problem]) -> list[Problem]:
    """What stands inside of what is not supported yet need not be told to be so as well."""
    later = {problem.path for problem in problems if problem.code == LATER}
    return [one for one in problems if one.code != LATER or later.isdisjoint(_above(one.path))]


def _above(path: str) -> Iterator[str]:
    return (path[:at] for at, letter in enumerate(path) if letter == "/" and at)


def _unquoted(problems: list[Problem], suspected: list[Problem]) -> Iterator[Problem]:
    """Of a literal that looks like a secret no message quotes what is wrong with it: it is not to be one.

    A URL is one for its parameters, which are not quoted with it.
    """
    literals = {problem.path: problem for problem in suspected if not problem.path.endswith("/url")}
    for problem in problems:
        literal = literals.get(problem.path) if problem.code in _OF_VALUES else None
        yield replace(literal, severity="error") if literal else problem


def _once(problems: list[Problem]) -> Iterable[Problem]:
    """Of one value the first problem only: what else is said of it mostly follows from that one.

    That it is not supported yet follows from nothing and is always said; only warnings are not worth it then.
    """
    first: dict[tuple[object, ...], Problem] = {}
    later: dict[str, Problem] = {}
    for problem in problems:
        message = problem.message if problem.code in _OF_PARTS else ""
        if problem.code == LATER:
            later.setdefault(problem.path, problem)
        elif problem.severity == "error" or problem.path not in later:
            first.setdefault((problem.path, message), problem)
    return [*later.values(), *first.values()]


class _Checker:
    """The validators of one set of fragments."""

    def __init__(self, schema: JSONSchema) -> None:
        self._schema = schema
        # Nothing is ever fetched: a `$ref` that leads outside is an error when this is built.
        self.fast = jsonschema_rs.Draft202012Validator(strict(schema), offline=True)

    def explain(self, value: JSON, explainer: Explainer) -> list[Problem]:
        problems: list[Problem] = []
        for fault, path in self._faults.of(value):
            problems += explainer.problems(fault, path)
        if not problems:  # the two disagree: one sentence of the fast one is better than none
            error = next(self.fast.iter_errors(value))
            problems.append(explainer.bare(error.message, error.instance_path))
        return problems

    @cached_property
    def _faults(self) -> Faults:
        from .faults import Faults  # noqa: PLC0415 - slow to import, and most files have none

        return Faults(self._schema)


@lru_cache(maxsize=8)
def _named_checker(name: str) -> _Checker:
    return _Checker(load_schema(name))


@lru_cache(maxsize=8)
def _checker(fragments: str | None) -> _Checker:
    return _Checker(config_schema(None if fragments is None else json.loads(fragments)))
