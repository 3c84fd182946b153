"""Parse the operand of `anything-but`: a string or number, a list of either, or one operator over strings."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from hookwright.schemas.nearest import did_you_mean

from ..errors import Steps
from .numbers import is_number
from .operators import AnythingBut, EqualsIgnoreCase, Exact, Prefix, Suffix, Wildcard
from .report import Report, kind, shown
from .wildcards import parse_wildcard

_Refused: TypeAlias = Exact | Prefix | Suffix | EqualsIgnoreCase | Wildcard

_FORMS = 'a string, a number, a list of either, or an object such as {"prefix": "..."}'
_USE_NOT = 'to refuse any other pattern of the field, use "$not"'


def parse_anything_but(operand: object, at: Steps, report: Report) -> AnythingBut | None:
    """The test that refuses what `operand` lists."""
    before = len(report.errors)
    if isinstance(operand, Mapping):
        refused = _operator(operand, at, report)
    elif isinstance(operand, list | tuple):
        refused = _listed(operand, at, report)
    else:
        refused = [test for test in [_value(operand, at, report)] if test]
    return AnythingBut(tuple(refused)) if len(report.errors) == before else None


def _value(value: object, at: Steps, report: Report) -> Exact | None:
    if isinstance(value, float) and not math.isfinite(value):
        report.fault(at, f"{value} is not a JSON number")
    elif isinstance(value, str) or is_number(value):
        return Exact(value)
    else:
        hint = f"it takes {_FORMS}; {_USE_NOT}"
        report.fault(at, f'"anything-but" cannot refuse {shown(value)}', hint)
    return None


def _listed(values: Sequence[object], at: Steps, report: Report) -> list[_Refused]:
    if not values:
        report.fault(at, '"anything-but" with an empty list refuses nothing', 'use {"exists": true}')
    found = [_value(value, (*at, index), report) for index, value in enumerate(values)]
    refused: list[_Refused] = [test for test in found if test is not None]
    if len({isinstance(test.value, str) for test in found if test}) > 1:
        hint = '"$and" with one "anything-but" for the strings and one for the numbers'
        report.fault(at, '"anything-but" takes strings or numbers, not both in one list', f"use {hint}")
    return refused


def _operator(operand: Mapping[object, object], at: Steps, report: Report) -> list[_Refused]:
    if len(operand) != 1:
        report.fault(at, '"anything-but" takes an object with one key', _USE_NOT)
        return []
    ((name, inner),) = operand.items()
    if not isinstance(name, str) or name not in _OPERATORS:
        known = did_you_mean(str(name), _OPERATORS) if name not in _UNFIT else None
        report.fault(at, f'"anything-but" cannot refuse {shown(name)}', known or _USE_NOT)
        return []
    place = (*at, name)
    texts = _texts(name, inner, place, report)
    return [test for where, text in texts if (test := _refuse(name, text, where, report)) is not None]


def _texts(name: str, inner: object, at: Steps, report: Report) -> list[tuple[Steps, str]]:
    """The strings an operator is given, alone or in a list, each with its place."""
    listed = isinstance(inner, list | tuple)
    items = list(inner) if isinstance(inner, list | tuple) else [inner]
    if not items:
        report.fault(at, "an empty list refuses nothing", 'use {"exists": true}')
    found: list[tuple[Steps, str]] = []
    for index, item in enumerate(items):
        where = (*at, index) if listed else at
        if isinstance(item, str):
            found.append((where, item))
        else:
            report.fault(where, f'"{name}" takes a string or a list of strings here, not {kind(item)}', None)
    return found


def _refuse(name: str, text: str, at: Steps, report: Report) -> _Refused | None:
    if name in ("prefix", "suffix") and not text:
        report.fault(at, f'an empty "{name}" refuses every string', "leave it out")
        return None
    if name == "wildcard":
        parts = parse_wildcard(text, at, report)
        return Wildcard(parts) if parts else None
    return _OPERATORS[name](text)


def _unparsed(text: str) -> Wildcard:
    return Wildcard((text,))


_OPERATORS: Final[Mapping[str, Callable[[str], _Refused]]] = {
    "equals-ignore-case": EqualsIgnoreCase,
    "prefix": Prefix,
    "suffix": Suffix,
    "wildcard": _unparsed,
}
_UNFIT: Final = frozenset({"cidr", "exactly", "exists", "number", "numeric", "anything-but"})
