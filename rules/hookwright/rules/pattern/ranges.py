"""Parse the operand of `numeric` and `number`: one comparison, or a lower bound followed by an upper one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

from ..errors import Steps
from .numbers import is_number, read_decimal
from .operators import Numeric
from .report import Report, kind, shown

_Comparison: TypeAlias = tuple[str, int | float]

_LOWER = (">", ">=")
_UPPER = ("<", "<=")
_EXAMPLE = 'write it as in [">", 0, "<=", 5]'


def parse_numeric(operand: object, at: Steps, report: Report) -> Numeric | None:
    """A test of numbers only."""
    return _parse("numeric", operand, at, report, reads_text=False)


def parse_number(operand: object, at: Steps, report: Report) -> Numeric | None:
    """The same test, which takes a decimal string for its number as well."""
    return _parse("number", operand, at, report, reads_text=True)


def _parse(name: str, operand: object, at: Steps, report: Report, *, reads_text: bool) -> Numeric | None:
    if not isinstance(operand, list | tuple):
        report.fault(at, f'"{name}" takes a list, not {kind(operand)}', _EXAMPLE)
        return None
    if len(operand) not in (2, 4):
        message = (
            f'"{name}" takes a comparison and a number, once or twice; this list has {len(operand)} members'
        )
        report.fault(at, message, _EXAMPLE)
        return None
    comparisons = _comparisons(operand, at, report)
    if comparisons is None:
        return None
    found = _one(comparisons[0]) if len(comparisons) == 1 else _two(comparisons, at, report)
    return Numeric(*found, reads_text=reads_text) if found else None


def _comparisons(operand: Sequence[object], at: Steps, report: Report) -> list[_Comparison] | None:
    found = [_comparison(operand, index, at, report) for index in range(0, len(operand), 2)]
    complete = [each for each in found if each is not None]
    return complete if len(complete) == len(found) else None


def _comparison(operand: Sequence[object], index: int, at: Steps, report: Report) -> _Comparison | None:
    sign, number = operand[index], operand[index + 1]
    good_sign = isinstance(sign, str) and sign in ("=", *_LOWER, *_UPPER)
    if not good_sign:
        report.fault((*at, index), f"unknown comparison {shown(sign)}", _meant(sign))
    if not is_number(number):
        hint = (
            "write it without quotes"
            if isinstance(number, str) and read_decimal(number) is not None
            else None
        )
        report.fault((*at, index + 1), f"{shown(number)} is not a number", hint)
        return None
    if isinstance(number, float) and not math.isfinite(number):
        report.fault((*at, index + 1), f"{number} is not a JSON number")
        return None
    return (str(sign), number) if good_sign else None


def _meant(sign: object) -> str:
    if sign == "==":
        return 'did you mean "="?'
    if sign in ("!=", "<>"):
        return 'use {"anything-but": ...}'
    if sign in ("=<", "=>"):
        return f'did you mean "{str(sign)[::-1]}"?'
    return "the comparisons are = < <= > >="


def _one(comparison: _Comparison) -> tuple[int | float | None, int | float | None, bool, bool]:
    sign, number = comparison
    lower = number if sign in (*_LOWER, "=") else None
    upper = number if sign in (*_UPPER, "=") else None
    return lower, upper, sign in (">=", "="), sign in ("<=", "=")


def _two(
    comparisons: list[_Comparison], at: Steps, report: Report
) -> tuple[int | float, int | float, bool, bool] | None:
    (first, lower), (second, upper) = comparisons
    if first not in _LOWER or second not in _UPPER:
        turned = first in _UPPER and second in _LOWER
        fix = f"write {shown([second, upper, first, lower])}" if turned else _EXAMPLE
        report.fault(at, "a range is a lower bound (> or >=) followed by an upper bound (< or <=)", fix)
        return None
    if lower >= upper:
        hint = f"write {shown(['=', lower])}" if lower == upper and first == ">=" and second == "<=" else None
        report.fault(at, f"the lower bound {shown(lower)} is not below the upper bound {shown(upper)}", hint)
        return None
    return lower, upper, first == ">=", second == "<="
