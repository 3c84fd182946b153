"""What a plain YAML scalar means: the core schema of YAML 1.2, less what JSON cannot say."""

from __future__ import annotations

import math
import re

# Longer ones are slow to read (quadratic) and no event has them.
MAX_DIGITS = 1000

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {word: word.lower() == "true" for word in ("true", "True", "TRUE", "false", "False", "FALSE")}
# A leading zero makes text: 010 may be eight, ten or a dialling code, so it is none of the numbers.
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\Z", re.ASCII)
_NOT_JSON = re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")
_FIRST = frozenset("-+.0123456789")


def plain(text: str) -> None | bool | int | float | str:
    """The value of an unquoted scalar.

    `on`, `no`, `010`, `0x1F`, `1:30` and `2026-11-23` are text; `1e3` is a number.
    Raises ValueError, with a sentence for people, for infinity, not-a-number and numbers too large.
    """
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    return _number(text) if text[0] in _FIRST else text


def _number(text: str) -> int | float | str:
    if _INT.match(text):
        if len(text) > MAX_DIGITS:
            raise ValueError(f"a whole number of {len(text.lstrip('+-'))} digits is too large")
        return int(text)
    if _FLOAT.match(text):
        value = float(text)
        if math.isinf(value):
            raise ValueError(f"the number {_short(text)} is too large")
        return value
    if _NOT_JSON.match(text):
        raise ValueError(f"{text} is not a number JSON knows")
    return text


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."
