"""`Expression`: parsed once, then computes a JSON value from each event; and such a value as a key."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, cast

from jinja2.environment import TemplateExpression

from ..errors import ExpressionError
from ..event import JSON
from .budget import VARIABLE, Budget, computing
from .sandbox import SANDBOX
from .syntax import NAMES, parse, read, reading
from .values import check_result, present

LONGEST_KEY: Final = 1024  # characters


@dataclass(frozen=True, slots=True)
class Expression:
    """A value; two are equal when their texts are. Safe to evaluate from many threads at once.

    Compiling takes three times as long as reading, so it is done once there is something to evaluate.
    """

    text: str
    _names: tuple[str, ...] = field(repr=False, compare=False)
    _made: list[TemplateExpression] = field(default_factory=list, init=False, repr=False, compare=False)

    @classmethod
    def parse(cls, text: str, names: Sequence[str] = NAMES) -> Expression:
        """Raises `ExpressionError`, with the column where known, for what the language does not have.

        `names` are those it may use; `evaluate` knows the ones there are unless told.
        """
        allowed = tuple(names)
        _read(text, allowed)
        return cls(text, allowed)

    def compile(self) -> TemplateExpression:
        """Makes `evaluate` as fast the first time as it is later. What could be read can be compiled."""
        if not self._made:
            self._made.append(_compiled(self.text, self._names))
        return self._made[0]

    def evaluate(self, event: Mapping[str, JSON], data: JSON) -> JSON:
        """The value for one event: `event` holds its attributes, `data` its data. Neither is changed.

        Raises `ExpressionError` when there is none: a field is missing, a value does not fit its operator, or
        the work is more than one expression may do.
        """
        return self.evaluate_in({"event": dict(event), "data": data})

    def evaluate_in(self, scope: Mapping[str, JSON]) -> JSON:
        """The value where the names it may use mean what `scope` says. Raises as `evaluate` does."""
        budget = Budget()
        with computing():
            value = present(self.compile()({**scope, VARIABLE: budget}))
            check_result(value, budget)
        return cast("JSON", value)


def key_text(value: JSON) -> str:
    """The text of a key: equal values give equal texts, others give others. It is JSON, names sorted.

    Raises `ExpressionError` for a value whose text is longer than a key may be (1,024 characters).
    """
    try:
        text = json.dumps(_canonical(value), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    except (ValueError, RecursionError):
        raise ExpressionError("the value is too large for a key") from None
    if len(text) > LONGEST_KEY:
        raise ExpressionError(f"a key has at most {LONGEST_KEY:,} characters, this value has {len(text):,}")
    # A lone surrogate has no UTF-8; what backslashreplace writes for it is JSON's own escape.
    return text.encode(errors="backslashreplace").decode()


@lru_cache(maxsize=8192)  # a bundle is checked and built: once is enough
def _read(text: str, names: tuple[str, ...]) -> None:
    read(text, names)


@lru_cache(maxsize=8192)  # most expressions of a bundle stay when it is changed
def _compiled(text: str, names: tuple[str, ...]) -> TemplateExpression:
    with reading():
        return SANDBOX.compile_tree(parse(text, names))


def _canonical(value: JSON) -> JSON:
    """One spelling for each number: 1.0 and 1 are the same."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_canonical(each) for each in value]
    if isinstance(value, dict):
        return {key: _canonical(each) for key, each in value.items()}
    return value
