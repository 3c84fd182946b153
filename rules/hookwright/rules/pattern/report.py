"""Collecting faults: a parser notes each one and goes on, so that a run tells all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ..errors import PatternError, Steps


class Report:
    """The faults found so far, in the order of the pattern."""

    def __init__(self) -> None:
        self.errors: list[PatternError] = []

    def fault(self, at: Steps, message: str, hint: str | None = None, *, key: bool = False) -> None:
        self.errors.append(PatternError(message, path=at, hint=hint, key=key))


def kind(value: object) -> str:
    """What a reader of JSON or YAML calls this value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, Mapping):
        return "an object"
    return "a list" if isinstance(value, list | tuple) else f"a value of type {type(value).__name__}"


def shown(value: object, limit: int = 40) -> str:
    """`value` as short JSON for a message; its kind where that would be long or impossible."""
    if isinstance(value, str | bool | int | float) or value is None or _is_flat(value):
        try:
            text = json.dumps(value, ensure_ascii=False)
        except (TypeError, ValueError):
            return kind(value)
        return text if len(text) <= limit else kind(value)
    return kind(value)


def _is_flat(value: object) -> bool:
    scalars = str | bool | int | float | None
    return isinstance(value, list | tuple) and all(isinstance(item, scalars) for item in value)
