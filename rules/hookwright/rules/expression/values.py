"""JSON values as an expression sees them: what they are called, when two are equal, how they read as text."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from jinja2 import StrictUndefined
from jinja2.utils import missing

from hookwright.schemas.nearest import did_you_mean

from ..errors import ExpressionError
from ..pattern.numbers import is_number
from .budget import Budget

_COMPARED = 200  # names of an object among which the nearest is sought
_NAME_SHOWN = 80


class Missing(StrictUndefined):
    """A field that is not there. Only `default` and `is defined` may look at it; anything else raises.

    The message is made when it is needed: finding the nearest name is slow, and `default` needs none.
    """

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        if self._undefined_hint:
            return self._undefined_hint
        holder, name = self._undefined_obj, self._undefined_name
        if holder is missing:  # set on another way through the template, or a loop that is not around it
            return f"{name} has no value here"
        if isinstance(holder, Mapping):
            known = [key for key in list(holder)[:_COMPARED] if len(key) <= _NAME_SHOWN]
            guess = did_you_mean(str(name)[:_NAME_SHOWN], known)
            return f"there is no field {quoted(name)}" + (f" ({guess})" if guess else "")
        if isinstance(holder, list | str) and isinstance(name, int):
            return f"there is no item {quoted(name)}: {kind(holder)} of {len(holder)}"
        return f"{kind(holder)} has no field {quoted(name)}"


def kind(value: object) -> str:
    """What a value is, for people: "null", "true or false", "a number", "a text", "a list", "an object"."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if is_number(value):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list) else "an object"


def quoted(value: object) -> str:
    """A value as it stands in a message: JSON, cut where it grows long."""
    shown = value if not isinstance(value, str) else value[:_NAME_SHOWN]
    text = json.dumps(shown, default=str) if isinstance(shown, str | int | float) else kind(shown)
    return text if len(text) <= _NAME_SHOWN else f"{text[:_NAME_SHOWN]}..."


def present(value: object) -> Any:
    """The value itself. Raises `UndefinedError` for one that is missing."""
    if isinstance(value, Missing):
        value._fail_with_undefined_error()  # noqa: SLF001  # jinja2 names it for subclasses
    return value


def as_text(value: object) -> str:
    """A text as it is, a number or truth value as JSON writes it. Raises `ExpressionError` for others."""
    present(value)
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or is_number(value):
        return json.dumps(value)
    hint = "; say what stands for it with | default('', true)" if value is None else "; write it with | json"
    raise ExpressionError(f"{kind(value)} cannot be part of a text{hint}")


def text_in_json(value: object) -> str:
    """The same as it stands between the quotes of a text in JSON."""
    return json.dumps(as_text(value), ensure_ascii=False)[1:-1]


def equal(left: object, right: object, budget: Budget) -> bool:
    """JSON's equality, to any depth: 1 is 1.0, but neither is true, and a text is never a number."""
    todo = [(present(left), present(right))]
    while todo:
        one, other = todo.pop()
        if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
            budget.spend(1 + len(one))
            todo.extend(zip(one, other, strict=True))
        elif isinstance(one, Mapping) and isinstance(other, Mapping) and one.keys() == other.keys():
            budget.spend(1 + len(one))
            todo.extend((one[key], other[key]) for key in one)
        elif not _same_scalar(one, other, budget):
            return False
    return True


def _same_scalar(one: object, other: object, budget: Budget) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        budget.spend_on(len(one) if len(one) == len(other) else 0)
        return one == other
    budget.spend(1)
    if is_number(one) and is_number(other):
        return one == other
    return one is other and (one is None or isinstance(one, bool))


def check_result(value: object, budget: Budget) -> None:
    """Raises unless this is a JSON value, every part of it there, and no larger than the budget left."""
    todo = [value]
    while todo:
        one = present(todo.pop())
        budget.spend_on(len(one) if isinstance(one, str) else 0)
        if isinstance(one, list):
            todo.extend(one)
        elif isinstance(one, Mapping):
            todo.extend(one.values())
        elif isinstance(one, float) and not math.isfinite(one):
            raise ExpressionError("the result is too large")
