"""The operators of the expression language. Operands have to fit: nothing is converted behind one's back."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from jinja2 import pass_context
from jinja2.runtime import Context

from ..errors import ExpressionError
from ..pattern.numbers import is_number
from .budget import Budget, budget_of
from .values import as_text, equal, kind, present

LARGEST: Final = 4096  # bits of a whole number that an operator makes

_ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = MappingProxyType(
    {
        "+": operator.add,
        "-": operator.sub,
        "*": operator.mul,
        "/": operator.truediv,
        "//": operator.floordiv,
        "%": operator.mod,
        "**": operator.pow,
    }
)
_ORDER: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {"lt": operator.lt, "lteq": operator.le, "gt": operator.gt, "gteq": operator.ge}
)
BINARY: Final = frozenset(_ARITHMETIC)
_SIGNS: Mapping[str, str] = MappingProxyType({"lt": "<", "lteq": "<=", "gt": ">", "gteq": ">="})


def arithmetic(sign: str, left: object, right: object, budget: Budget) -> object:
    """`left` sign `right`. Numbers only, but that `+` also joins two texts or two lists."""
    present(left)
    present(right)
    if sign == "+" and isinstance(left, str | list) and type(left) is type(right):
        _afford(left, budget)
        _afford(right, budget)
        return _ARITHMETIC[sign](left, right)
    if not (is_number(left) and is_number(right)):
        hint = "join texts with ~" if sign == "+" else "read numbers in texts with | number"
        raise ExpressionError(f"{sign} does not take {kind(left)} and {kind(right)}; {hint}")
    budget.spend(1)
    if sign == "**":
        _bounded_power(left, right)
    try:
        return _number(_ARITHMETIC[sign](left, right))
    except ZeroDivisionError:
        raise ExpressionError("division by zero") from None
    except OverflowError:
        raise ExpressionError(f"the result of {sign} is too large") from None


def negative(sign: str, value: object) -> object:
    """`-value` and `+value`."""
    present(value)
    if not is_number(value):
        raise ExpressionError(f"{sign} does not take {kind(value)}; read a number in a text with | number")
    return -value if sign == "-" else value


def _bounded_power(base: float, exponent: float) -> None:
    if not (isinstance(base, int) and isinstance(exponent, int)):
        return  # as doubles, they overflow in time
    if abs(exponent) > LARGEST or base.bit_length() * abs(exponent) > LARGEST:
        raise ExpressionError("the result of ** is too large")


def _number(value: object) -> object:
    """A result that JSON can hold, and the next operator can bear."""
    if isinstance(value, int) and value.bit_length() <= LARGEST:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    reason = "is no real number" if isinstance(value, complex) else "is too large"
    raise ExpressionError(f"the result {reason}")


def _afford(value: str | list[Any], budget: Budget) -> None:
    if isinstance(value, str):
        budget.spend_on(len(value))
    else:
        budget.spend(1 + len(value))


@pass_context
def equals(context: Context, left: object, right: object) -> bool:
    return equal(left, right, budget_of(context))


@pass_context
def differs(context: Context, left: object, right: object) -> bool:
    return not equal(left, right, budget_of(context))


@pass_context
def contains(context: Context, item: object, holder: object) -> bool:
    """`item in holder`: an item of a list, a piece of a text, a field of an object."""
    budget = budget_of(context)
    present(item)
    if isinstance(holder, list):
        return any(equal(item, each, budget) for each in holder)
    if isinstance(holder, str) and isinstance(item, str):
        budget.spend_on(len(holder) + len(item))
        return item in holder
    if isinstance(holder, Mapping) and isinstance(item, str):
        return item in holder
    present(holder)
    raise ExpressionError(f"`in` does not take {kind(item)} and {kind(holder)}")


@pass_context
def lacks(context: Context, item: object, holder: object) -> bool:
    return not contains(context, item, holder)


def ordering(name: str) -> Callable[[Context, object, object], bool]:
    """The comparison jinja2 calls `name`: two numbers, or two texts by their code points."""

    @pass_context
    def compare(context: Context, left: object, right: object) -> bool:
        present(left)
        present(right)
        if isinstance(left, str) and isinstance(right, str):
            budget_of(context).spend_on(min(len(left), len(right)))
        elif not (is_number(left) and is_number(right)):
            problem = f"{_SIGNS[name]} does not take {kind(left)} and {kind(right)}"
            raise ExpressionError(f"{problem}; read numbers in texts with | number")
        return _ORDER[name](left, right)

    return compare


@pass_context
def joined(context: Context, pieces: list[object]) -> str:
    """`a ~ b`: texts, numbers, true and false one after the other."""
    budget = budget_of(context)
    texts = [as_text(piece) for piece in pieces]
    budget.spend_on(sum(map(len, texts)))
    return "".join(texts)


@pass_context
def cut(context: Context, value: object, start: object, stop: object, step: object) -> object:
    """`value[start:stop:step]` of a list or a text."""
    present(value)
    if not isinstance(value, str | list):
        raise ExpressionError(f"{kind(value)} has no first or last part")
    bounds = [present(each) for each in (start, stop, step)]
    if not all(each is None or (isinstance(each, int) and not isinstance(each, bool)) for each in bounds):
        raise ExpressionError("a part is given by whole numbers")
    if bounds[2] == 0:
        raise ExpressionError("a part cannot be taken in steps of 0")
    _afford(value, budget_of(context))
    return value[slice(*bounds)]


@pass_context
def each(context: Context, value: object, parts: int) -> object:
    """The list a loop goes through; each round costs as many steps as the loop has parts."""
    present(value)
    if not isinstance(value, list):
        raise ExpressionError(f"a loop goes through a list, not {kind(value)}")
    budget_of(context).spend(parts * len(value))
    return value


COMPARISONS: Mapping[str, Callable[..., object]] = MappingProxyType(
    {"eq": equals, "ne": differs, "in": contains, "notin": lacks, **{name: ordering(name) for name in _ORDER}}
)
"""By jinja2's name of the operator."""
