"""The kinds of leaves, and which of them a test may hold for."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from ..pattern.numbers import is_number
from ..pattern.operators import AnythingBut, Exact, Numeric, Present, Scalar, Test

Kind: TypeAlias = Literal["text", "number", "boolean", "null"]
Kinds: TypeAlias = frozenset[Kind]

ALL: Final[Kinds] = frozenset({"text", "number", "boolean", "null"})
TEXT: Final[Kinds] = frozenset({"text"})
_READ: Final[Kinds] = frozenset({"text", "number"})


def kind_of(value: Scalar) -> Kind:
    """The kind of one leaf."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return "text"
    return "number" if is_number(value) else "boolean"


def kinds_of(test: Test) -> Kinds:
    """The kinds among which the leaves are that `test` holds for."""
    if isinstance(test, Exact):
        return frozenset({kind_of(test.value)})
    if isinstance(test, Numeric):
        return _READ if test.reads_text else frozenset({"number"})
    return ALL if isinstance(test, AnythingBut | Present) else TEXT
