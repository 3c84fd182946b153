"""Alternatives that ask for a value the schema of the event does not list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hookwright.schemas.nearest import did_you_mean

from ..pattern.operators import AnythingBut, Exact, Scalar, Test, exact_key
from ..pattern.report import shown
from ..pattern.syntax import Field
from .data import Data
from .finding import UNKNOWN_VALUE, Finding
from .written import alternatives


def unlisted_values(field: Field, written: Mapping[str, Any], known: Sequence[Data]) -> Iterator[Finding]:
    """Tests that none of the values of a field passes, where all of them are known."""
    values = _values(field.path, known)
    if not values or all(_is_of_use(test, values) for test in field.tests):
        return
    name = ".".join(field.path)
    for place, test in alternatives(field, written):
        if not _is_of_use(test, values):
            message = f'the schema lists the values of "{name}", and this {_said(test, values)}'
            yield Finding(UNKNOWN_VALUE, message, place, _hint(test, values))


def _values(path: tuple[str, ...], known: Sequence[Data]) -> tuple[Scalar, ...]:
    """All that may stand at a field, empty where that is not sure."""
    found: list[Scalar] = []
    for data in known:
        here = data.at(path)
        listed = here.listed() if here is not None else None
        if listed is None:
            return ()
        found += listed
    return tuple({exact_key(value): value for value in found}.values())


def _is_of_use(test: Test, values: Sequence[Scalar]) -> bool:
    """Whether some value passes a test; `anything-but` has to refuse one, too."""
    passing = [test.holds(value) for value in values]
    return any(passing) and not (isinstance(test, AnythingBut) and all(passing))


def _said(test: Test, values: Sequence[Scalar]) -> str:
    if not isinstance(test, AnythingBut):
        return "never matches"
    return "refuses none of them" if test.holds(values[0]) else "refuses them all"


def _hint(test: Test, values: Sequence[Scalar]) -> str:
    if isinstance(test, AnythingBut) and not test.holds(values[0]):
        return "leave out those that shall match"
    texts = [value for value in values if isinstance(value, str)]
    asked = test.refused[0] if isinstance(test, AnythingBut) else test
    near = (
        did_you_mean(asked.value, texts)
        if isinstance(asked, Exact) and isinstance(asked.value, str)
        else None
    )
    return near or f"there are: {', '.join(shown(value) for value in values[:8])}"
