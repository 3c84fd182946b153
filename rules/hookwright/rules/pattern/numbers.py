"""Numbers as patterns see them: integers exact at any size, all others as doubles."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TypeAlias, TypeGuard

Number: TypeAlias = int | float | Decimal

# Every repetition ends where the next piece begins, so one look at each character decides: linear.
_DECIMAL = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")


def is_number(value: object) -> TypeGuard[int | float]:
    """A JSON number. `True` and `False` are none, though Python counts them as integers."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def read_decimal(text: str) -> Number | None:
    """The number a decimal string spells (`"12000.00"`, `"-3"`, `"1e5"`), or None for any other text.

    ASCII digits only, no blanks, no grouping, neither "nan" nor "inf". An integer stays exact at any length.
    """
    shape = _DECIMAL.fullmatch(text)
    if shape is None:
        return None
    if shape[1] is not None or shape[2] is not None:
        return float(text)
    try:
        return int(text)
    except ValueError:  # more digits than Python turns into an int; Decimal is exact and has no such limit
        return Decimal(text)
