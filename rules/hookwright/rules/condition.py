"""The condition of a subscriber, its `if`: read, checked, and asked of an event that its pattern matches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from hookwright.schemas.problem import Problem

from .bundle import Part
from .errors import ExpressionError
from .event import JSON, Event
from .expression import Expression, always
from .expression.values import kind, quoted
from .expressions import expression_problems
from .merge import Layer

KEY = "if"
Condition: TypeAlias = "Expression | bool"


def condition(merged: Layer) -> Condition:
    """The condition of valid settings; without one it is true."""
    written = merged.get(KEY, True)
    return written if isinstance(written, bool) else Expression.parse(str(written))


def condition_problems(part: Part) -> Iterator[Problem]:
    """What is wrong with the condition that stands in this part."""
    problems = list(expression_problems(part, KEY))
    yield from problems
    written = part.value.get(KEY)
    made = always(written) if isinstance(written, str) and not problems else None
    if made is not None:
        message = f"bad expression: it always makes {made}, and a condition is true or false"
        other = "> 0" if made == "a number" else "== 'Won'"
        yield part.problem("HW115", message, KEY, hint=f"compare it with something, such as `… {other}`")


def holds(asked: Condition, event: Event) -> bool:
    """Whether the condition is true of this event.

    Raises `ExpressionError` when it is neither true nor false, because a field is missing perhaps: that is
    never taken for a no.
    """
    if isinstance(asked, bool):
        return asked
    return _answer(asked.evaluate(event.attributes, event.data))


def is_true(asked: Condition, scope: Mapping[str, JSON]) -> bool:
    """The same, computed from the names in a scope."""
    return asked if isinstance(asked, bool) else _answer(asked.evaluate_in(scope))


def _answer(value: JSON) -> bool:
    if not isinstance(value, bool):
        raise ExpressionError(f"it must be true or false, not {_described(value)}")
    return value


def _described(value: JSON) -> str:
    return f"{kind(value)}, {quoted(value)}" if isinstance(value, str | int | float) else kind(value)
