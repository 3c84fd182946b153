"""Where expressions, fields and templates stand in a subscriber, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from hookwright.schemas.problem import Problem

from .bundle import Part
from .errors import ExpressionError
from .event import JSON
from .expression import Expression
from .expression.fields import field_path
from .expression.habits import habit
from .expression.syntax import NAMES
from .expression.template import parse_template

_WORD = re.compile(r"[\w.]+|'[^']*'?|\"[^\"]*\"?|[^\w\s'\"]+")  # what a caret underlines of an expression
_FIELD = "write the names that lead to it: data.EmailAddress"


def expression_problems(part: Part, key: str, names: Sequence[str] = NAMES) -> Iterator[Problem]:
    """What is wrong with the expression under `key`, which computes from `names`."""
    written = part.value.get(key)
    if isinstance(written, str):
        try:
            Expression.parse(written, names)
        except ExpressionError as error:
            yield _problem(part, "HW115", "expression", error, key)


def subscriber_problems(part: Part) -> Iterator[Problem]:
    """What is wrong with the expressions and fields that say how a subscriber's deliveries are kept."""
    yield from expression_problems(part, "order_by")
    dedupe = part.part("dedupe")
    if dedupe:
        yield from expression_problems(dedupe, "key")
    redact = part.value.get("redact")
    for index, field in enumerate(redact if isinstance(redact, list) else ()):
        if isinstance(field, str):
            yield from _field(part, field, "redact", index)


def template_problems(part: Part, key: str, names: Sequence[str]) -> Iterator[Problem]:
    """What is wrong with the templates in the tree under `key`, filled in with `names`."""
    if key not in part.value:
        return
    for path, text in texts_in(part.value.get(key), (key,)):
        try:
            parse_template(text, names)
        except ExpressionError as error:
            yield _problem(part, "HW148", "template", error, *path)


def texts_in(tree: JSON, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text that is a value in a tree, and the way to it."""
    if isinstance(tree, str):
        yield path, tree
    elif isinstance(tree, dict):
        for key, value in tree.items():
            yield from texts_in(value, (*path, key))
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from texts_in(value, (*path, index))


def _field(part: Part, field: str, *path: str | int) -> Iterator[Problem]:
    try:
        field_path(field)
    except ExpressionError as error:
        hint = error.hint if field.startswith("data") else _FIELD
        yield _problem(
            part, "HW115", "field", ExpressionError(error.message, column=error.column, hint=hint), *path
        )


def _problem(part: Part, code: str, what: str, error: ExpressionError, *path: str | int) -> Problem:
    offset = None if error.column is None else error.column - 1
    problem = part.problem(code, f"bad {what}: {error.message}", *path, hint=error.hint, offset=offset)
    if offset is None:
        return problem
    text = str(part.value_at(*path))
    problem = replace(problem, hint=error.hint or habit(text, offset + 1))
    word = _WORD.match(text, offset)
    return replace(problem, length=part.document.length_at(problem.place, word[0] if word else ""))
