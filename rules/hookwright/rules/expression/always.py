"""What an expression always makes, where its text alone tells: `data.Score | number` a number."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from jinja2 import nodes

from .syntax import NAMES, read
from .values import kind

_NUMBERS: Final = frozenset({"abs", "length", "number"})
_TEXTS: Final = frozenset({"join", "lower", "string", "trim", "upper"})
_NUMBER, _TEXT = "a number", "a text"


def always(text: str, names: Sequence[str] = NAMES) -> str | None:
    """The kind of its value, such as "a number"; None when that depends, or is true or false.

    Raises `ExpressionError` for what is no expression.
    """
    return _kind(read(text, names))


def _kind(node: nodes.Node | None) -> str | None:
    said = _SAID.get(type(node))
    return said(node) if said is not None else None


def _constant(node: nodes.Const) -> str | None:
    return None if isinstance(node.value, bool) else kind(node.value)


def _filter(node: nodes.Filter) -> str | None:
    return _NUMBER if node.name in _NUMBERS else _TEXT if node.name in _TEXTS else None


def _either(node: nodes.And | nodes.Or) -> str | None:
    """`a and b` is one of the two."""
    return _kind(node.left) and _kind(node.right)


def _choice(node: nodes.CondExpr) -> str | None:
    return _kind(node.expr1) and _kind(node.expr2)


_ARITHMETIC = (nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Mul, nodes.Neg, nodes.Pos, nodes.Pow, nodes.Sub)
_SAID: Mapping[type, Callable[..., str | None]] = MappingProxyType(
    {
        **dict.fromkeys(_ARITHMETIC, lambda _: _NUMBER),
        nodes.Add: lambda _: "a number, a text or a list",
        nodes.And: _either,
        nodes.Concat: lambda _: _TEXT,
        nodes.CondExpr: _choice,
        nodes.Const: _constant,
        nodes.Dict: lambda _: "an object",
        nodes.Filter: _filter,
        nodes.List: lambda _: "a list",
        nodes.Or: _either,
    }
)
