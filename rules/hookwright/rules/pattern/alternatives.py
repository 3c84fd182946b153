"""Parse what stands under a field: a scalar, or a list of scalars and operator objects."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from hookwright.schemas.nearest import did_you_mean

from ..errors import Steps
from .anything_but import parse_anything_but
from .network import parse_cidr
from .operators import Absent, EqualsIgnoreCase, Exact, Prefix, Present, Suffix, Test, Wildcard
from .ranges import parse_number, parse_numeric
from .report import Report, kind, shown
from .wildcards import parse_wildcard

_Parsed: TypeAlias = tuple[tuple[Test, ...], bool]


def parse_alternatives(written: object, at: Steps, report: Report) -> _Parsed:
    """The tests of a field, and whether its absence will do too. Faults go to `report`."""
    if not isinstance(written, list | tuple):
        test = _scalar(written, at, report)
        return ((test,) if test else ()), False
    if not written:
        report.fault(
            at,
            "an empty list has no alternatives",
            'write at least one value, or [{"exists": false}] for an absent field',
        )
    parsed = [_alternative(item, (*at, position), report) for position, item in enumerate(written)]
    tests = tuple(each for each in parsed if each is not None and not isinstance(each, Absent))
    return tests, any(isinstance(each, Absent) for each in parsed)


def _alternative(item: object, at: Steps, report: Report) -> Test | Absent | None:
    if isinstance(item, str):  # most are, and to ask for a mapping takes longer
        return Exact(item)
    return _operator(item, at, report) if isinstance(item, Mapping) else _scalar(item, at, report)


def _scalar(value: object, at: Steps, report: Report) -> Exact | None:
    if isinstance(value, list | tuple):
        report.fault(at, "a list inside a list of alternatives", "write all alternatives in one list: [1, 2]")
    elif isinstance(value, float) and not math.isfinite(value):
        report.fault(at, f"{value} is not a JSON number")
    elif value is None or isinstance(value, str | bool | int | float):
        return Exact(value)
    else:
        report.fault(at, f"{kind(value)} is not a JSON value", "put quotes around it to make it a string")
    return None


def _operator(item: Mapping[object, object], at: Steps, report: Report) -> Test | Absent | None:
    if len(item) != 1:
        names = " and ".join(shown(name) for name in item)
        message = f"an operator object has one key, this one has {names or 'none'}"
        report.fault(at, message, 'alternatives are objects of their own; to require both, use "$and"')
        return None
    ((name, operand),) = item.items()
    parse = _PARSERS.get(name) if isinstance(name, str) else None
    if parse is None:
        report.fault(at, f"unknown operator {shown(name)}", _undollared(at) or _meant(name))
        return None
    return parse(operand, (*at, str(name)), report)


def _undollared(at: Steps) -> str | None:
    """What to say of an object that is no operator in the list of a field named `or`: it is a branch."""
    field = str(at[-2]) if len(at) > 1 else ""
    return f'write "${field}" to join patterns' if field in ("and", "or") else None


def _meant(name: object) -> str:
    text = str(name)
    if text in _ELSEWHERE:
        return _ELSEWHERE[text]
    return (
        did_you_mean(text.replace("_", "-"), OPERATORS) or f"the operators are {', '.join(sorted(OPERATORS))}"
    )


def _exactly(operand: object, at: Steps, report: Report) -> Test | None:
    if isinstance(operand, str):
        return Exact(operand)
    report.fault(
        at, f'"exactly" takes a string, not {kind(operand)}', f'write {shown(operand)} without "exactly"'
    )
    return None


def _prefix(operand: object, at: Steps, report: Report) -> Test | None:
    found = _cased_text("prefix", operand, at, report)
    return Prefix(*found) if found else None


def _suffix(operand: object, at: Steps, report: Report) -> Test | None:
    found = _cased_text("suffix", operand, at, report)
    return Suffix(*found) if found else None


def _cased_text(name: str, operand: object, at: Steps, report: Report) -> tuple[str, bool] | None:
    """The operand of `prefix` and `suffix`: a string, or `{equals-ignore-case: string}`."""
    if isinstance(operand, str):
        return operand, False
    if isinstance(operand, Mapping):
        if set(operand) == {"equals-ignore-case"}:
            inner = operand["equals-ignore-case"]
            if isinstance(inner, str):
                return inner, True
            report.fault(
                (*at, "equals-ignore-case"), f'"equals-ignore-case" takes a string, not {kind(inner)}', None
            )
            return None
        report.fault(at, f'the only object "{name}" takes is {{"equals-ignore-case": "..."}}', None)
        return None
    _no_text(name, operand, at, report)
    return None


def _no_text(name: str, operand: object, at: Steps, report: Report) -> None:
    hint = None
    if isinstance(operand, list | tuple):
        each = ", ".join(f'{{"{name}": {shown(item)}}}' for item in operand[:2])
        hint = f"write one operator object for each: [{each}]"
    report.fault(at, f'"{name}" takes a string, not {kind(operand)}', hint)


def _equals_ignore_case(operand: object, at: Steps, report: Report) -> Test | None:
    if isinstance(operand, str):
        return EqualsIgnoreCase(operand)
    _no_text("equals-ignore-case", operand, at, report)
    return None


def _wildcard(operand: object, at: Steps, report: Report) -> Test | None:
    if isinstance(operand, str):
        parts = parse_wildcard(operand, at, report)
        return Wildcard(parts) if parts else None
    _no_text("wildcard", operand, at, report)
    return None


def _exists(operand: object, at: Steps, report: Report) -> Test | Absent | None:
    if isinstance(operand, bool):
        return Present() if operand else Absent()
    quoted = isinstance(operand, str) and operand in ("true", "false")
    fix = f"write {operand} without quotes" if quoted else None
    report.fault(at, f'"exists" takes true or false, not {shown(operand)}', fix)
    return None


_PARSERS: Final[Mapping[str, Callable[[object, Steps, Report], Test | Absent | None]]] = {
    "anything-but": parse_anything_but,
    "cidr": parse_cidr,
    "equals-ignore-case": _equals_ignore_case,
    "exactly": _exactly,
    "exists": _exists,
    "number": parse_number,
    "numeric": parse_numeric,
    "prefix": _prefix,
    "suffix": _suffix,
    "wildcard": _wildcard,
}

OPERATORS: Final = frozenset(_PARSERS)

_ELSEWHERE: Final[Mapping[str, str]] = {
    "regex": 'regular expressions are not supported: use "wildcard", "prefix" or "suffix"',
    "contains": 'use {"wildcard": "*text*"}',
    "not": 'use {"anything-but": ...} here, or "$not" beside a field',
    "$not": '"$not" stands where a field name does; in a list use {"anything-but": ...}',
    "$or": '"$or" stands where a field name does; a list of alternatives is an "or" already',
    "$and": '"$and" stands where a field name does',
    "ignore-case": 'did you mean "equals-ignore-case"?',
    **{sign: f'write {{"numeric": ["{sign}", ...]}}' for sign in ("<", "<=", "=", ">", ">=")},
}
