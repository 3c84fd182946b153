"""The filters (`| name`) and tests (`is name`) an expression may use, and no others."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from jinja2 import pass_context
from jinja2.runtime import Context

from ..errors import ExpressionError
from ..pattern.numbers import is_number, read_decimal
from .budget import budget_of
from .values import Missing, as_text, check_result, kind, present, quoted


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter, and how many arguments may stand in its brackets."""

    call: Callable[..., object]
    least: int = 0
    most: int = 0


def _abs(value: object) -> object:
    present(value)
    if not is_number(value):
        raise ExpressionError(f"abs does not take {kind(value)}")
    return abs(value)


def _default(value: object, instead: object, empty: object = False) -> object:  # as in jinja2
    missing = isinstance(value, Missing) or (present(empty) is True and not value)
    return instead if missing else value


def _first(value: object) -> object:
    return _end(value, 0, "first")


def _last(value: object) -> object:
    return _end(value, -1, "last")


def _end(value: object, index: int, name: str) -> object:
    present(value)
    if not isinstance(value, str | list):
        raise ExpressionError(f"{name} does not take {kind(value)}")
    return value[index] if value else Missing(hint=f"there is no {name} item: {kind(value)} of 0")


@pass_context
def _join(context: Context, value: object, separator: object = "") -> str:
    present(value)
    if not (isinstance(value, list) and isinstance(present(separator), str)):
        raise ExpressionError(f"join takes a list and a text between its items, not {kind(value)}")
    assert isinstance(separator, str)
    budget = budget_of(context)
    budget.spend(len(value))
    texts = [as_text(each) for each in value]
    budget.spend_on(sum(map(len, texts)) + len(separator) * len(texts))
    return separator.join(texts)


def _length(value: object) -> int:
    present(value)
    if not isinstance(value, str | list | Mapping):
        raise ExpressionError(f"length does not take {kind(value)}")
    return len(value)


@pass_context
def _lower(context: Context, value: object) -> str:
    return _text(context, value, "lower").lower()


@pass_context
def _upper(context: Context, value: object) -> str:
    return _text(context, value, "upper").upper()


@pass_context
def _trim(context: Context, value: object) -> str:
    return _text(context, value, "trim").strip()


def _text(context: Context, value: object, name: str) -> str:
    present(value)
    if not isinstance(value, str):
        raise ExpressionError(f"{name} does not take {kind(value)}")
    budget_of(context).spend_on(len(value))
    return value


@pass_context
def _number(context: Context, value: object) -> object:
    """A number as it is, and the number a text spells. Nothing else is turned into one."""
    present(value)
    if is_number(value):
        return value
    number = None
    if isinstance(value, str):
        budget_of(context).spend_on(len(value))
        number = read_decimal(value)
    if number is None:
        raise ExpressionError(f"{quoted(value)} is not a number")
    if isinstance(number, Decimal) or (isinstance(number, float) and not math.isfinite(number)):
        raise ExpressionError("the number is too large")
    return number


@pass_context
def _json(context: Context, value: object) -> str:
    """Any value as JSON writes it."""
    check_result(present(value), budget_of(context))
    return json.dumps(value, ensure_ascii=False)


@pass_context
def _string(context: Context, value: object) -> str:
    text = as_text(value)
    budget_of(context).spend_on(len(text))
    return text


FILTERS: Mapping[str, Filter] = MappingProxyType(
    {
        "abs": Filter(_abs),
        "default": Filter(_default, 1, 2),
        "first": Filter(_first),
        "join": Filter(_join, 0, 1),
        "json": Filter(_json),
        "last": Filter(_last),
        "length": Filter(_length),
        "lower": Filter(_lower),
        "number": Filter(_number),
        "string": Filter(_string),
        "trim": Filter(_trim),
        "upper": Filter(_upper),
    }
)

TESTS: Mapping[str, Callable[[object], bool]] = MappingProxyType(
    {
        "boolean": lambda value: isinstance(present(value), bool),
        "defined": lambda value: not isinstance(value, Missing),
        "mapping": lambda value: isinstance(present(value), Mapping),
        "none": lambda value: present(value) is None,
        "number": lambda value: is_number(present(value)),
        "sequence": lambda value: isinstance(present(value), list),
        "string": lambda value: isinstance(present(value), str),
        "undefined": lambda value: isinstance(value, Missing),
    }
)
