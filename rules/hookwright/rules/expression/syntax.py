"""From the text of an expression to its tree: only what the language has, and small enough to run at once."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from jinja2 import TemplateError, TemplateSyntaxError, nodes
from jinja2.parser import Parser

from hookwright.schemas.nearest import did_you_mean
from hookwright.schemas.wording import cut

from ..errors import ExpressionError
from .filters import FILTERS, TESTS
from .rewrite import rewritten
from .sandbox import SANDBOX
from .values import quoted

LONGEST: Final = 2000  # characters
DEEPEST: Final = 50
MOST_PARTS: Final = 500
NAMES: Final = ("data", "event")
_CONSTANTS: Final = ("true", "false", "none")
_NULLS: Final = frozenset({"null", "nil", "undefined", "NULL"})
_ELSEWHERE: Final = frozenset({"events", "steps", "vars"})  # names that other expressions have
_MEMBER: Final = frozenset({".", "|", "is"})

_PLAIN: Final = (
    nodes.Add, nodes.And, nodes.Concat, nodes.Dict, nodes.Div, nodes.FloorDiv, nodes.Getitem, nodes.List,
    nodes.Mod, nodes.Mul, nodes.Neg, nodes.Not, nodes.Operand, nodes.Or, nodes.Pos, nodes.Pow, nodes.Slice,
    nodes.Sub,
)  # fmt: skip
_NOT_IN_THE_LANGUAGE: Mapping[type[nodes.Node], str] = MappingProxyType(
    {
        nodes.Call: "an expression calls nothing; it has filters, such as `data.Name | lower`",
        nodes.Tuple: "write a list in square brackets: [a, b]",
    }
)
_TAKEN: Final = "expected name or number"  # what jinja2 says of the token before the one it stands at
_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "'end of template'": "end",
        "'end of print statement'": "the end",
        "end of template": "end",
        "expected token": "expected",
        "expected 'name'": "expected a name",
    }
)
_UNCLOSED = re.compile(r"block that needs to be closed is '(\w+)'")
_POSITION = re.compile(r"(.*) at (\d+)", re.DOTALL)


def parse(text: str, names: Sequence[str] = NAMES) -> nodes.Expr:
    """The tree of an expression over `names`, ready to compile. Raises `ExpressionError`."""
    return rewritten(_written(text, names))


def read(text: str, names: Sequence[str] = NAMES) -> nodes.Expr:
    """The tree of an expression as it is written, to be looked at: it is shared. Raises `ExpressionError`."""
    return _kept(text, tuple(names))


@lru_cache(maxsize=256)  # whoever looks at one is followed by others who do
def _kept(text: str, names: tuple[str, ...]) -> nodes.Expr:
    return _written(text, names)


def _written(text: str, names: Sequence[str]) -> nodes.Expr:
    if not text.strip():
        raise ExpressionError("an expression cannot be empty")
    if len(text) > LONGEST:
        raise ExpressionError(f"an expression has at most {LONGEST:,} characters, this has {len(text):,}")
    if text.lstrip().startswith(("{{", "{%")):
        column = len(text) - len(text.lstrip()) + 1
        raise ExpressionError("an expression stands without braces: write `data.Stage`", column=column)
    with reading():
        tree = _tree(text)
        bounded(tree)
        for node in nodes_of(tree):
            check(node, text, names)
    return tree


@contextmanager
def reading() -> Iterator[None]:
    """Makes an `ExpressionError` of all that jinja2 and Python raise for a text they cannot read."""
    try:
        yield
    except ExpressionError:
        raise
    except TemplateSyntaxError as error:
        raise _translated(error, None) from None
    except RecursionError:
        raise _too_deep() from None
    except (TemplateError, ValueError, SyntaxError, MemoryError) as error:
        raise ExpressionError(f"it cannot be read: {quoted(str(error))}") from None


def _tree(text: str) -> nodes.Expr:
    parser = Parser(SANDBOX, text, state="variable")
    try:
        tree = parser.parse_expression()
    except TemplateSyntaxError as error:
        consumed = (error.message or "").startswith(_TAKEN)
        raise _translated(error, _reached(parser, text, int(consumed))) from None
    if not parser.stream.eos:
        said = f"`{parser.stream.current.value}` is not expected after the expression"
        raise ExpressionError(said, column=_reached(parser, text))
    return tree


def _translated(error: TemplateSyntaxError, column: int | None) -> ExpressionError:
    message = str(error.message or "it is not an expression")
    for jargon, words in _WORDS.items():
        message = message.replace(jargon, words)
    message = cut(message.removesuffix("."), 200)
    unclosed = _UNCLOSED.search(message)
    if unclosed:
        opened = unclosed[1]
        return ExpressionError(f"what {{% {opened} %}} opens is never closed with {{% end{opened} %}}")
    placed = _POSITION.fullmatch(message)
    if placed:
        return ExpressionError(placed[1], column=int(placed[2]) + 1)
    return ExpressionError(message, column=column)


def _reached(parser: Parser, text: str, consumed: int = 0) -> int | None:
    """The column of the token the parser could not go on with; behind the text, when that is the end.

    `consumed` says how many tokens it took before it complained.
    """
    try:
        left = sum(1 for _ in parser.stream) + consumed
        columns = [column for column, _, _ in _Column(text, set()).tokens()]
    except TemplateSyntaxError:  # further on there is something that is no token at all
        return None
    return columns[-left] if 0 < left <= len(columns) else len(text.rstrip()) + 1


def _too_deep() -> ExpressionError:
    return ExpressionError(f"the expression is nested deeper than {DEEPEST}")


def too_many(most: int, what: str = "expression") -> ExpressionError:
    return ExpressionError(f"the {what} has more than {most:,} parts")


def bounded(tree: nodes.Node, most: int = MOST_PARTS) -> None:
    """Raises `ExpressionError` for a tree of more parts than `most`, or of more levels than may be."""
    todo: list[tuple[nodes.Node, int]] = [(tree, 1)]
    parts = 0
    while todo:
        node, depth = todo.pop()
        parts += 1
        if depth > DEEPEST:
            raise _too_deep()
        if parts > most:
            raise too_many(most)
        todo.extend((below, depth + 1) for below in node.iter_child_nodes())


def nodes_of(tree: nodes.Node) -> Iterator[nodes.Node]:
    """All of a tree that is not too deep, in the order of the text."""
    yield tree
    for below in tree.iter_child_nodes():
        yield from nodes_of(below)


def check(node: nodes.Node, text: str, names: Sequence[str]) -> None:
    """Raises `ExpressionError` for what the language does not have; `text` is that of the expression."""
    known = _CHECKS.get(type(node))
    if isinstance(node, nodes.Name):
        _name(node, text, names)
    elif known is not None:
        known(node, text)
    elif not isinstance(node, _PLAIN):
        raise ExpressionError(
            _NOT_IN_THE_LANGUAGE.get(type(node), f"an expression has no {type(node).__name__.lower()}")
        )


def _name(node: nodes.Name, text: str, names: Sequence[str]) -> None:
    if node.name not in names:
        hint = 'JSON\'s null is "none" here' if node.name in _NULLS else _field_of(node.name, names)
        raise _unknown("name", node.name, (*names, *_CONSTANTS), _Column(text, set(), _MEMBER), hint)


def _field_of(name: str, names: Sequence[str]) -> str | None:
    """Most unknown names that are like no known one are fields whose way was left out."""
    if "data" not in names or name in _ELSEWHERE or did_you_mean(name, (*names, *_CONSTANTS)):
        return None
    return f"a field of the event is written data.{name}"


def _attribute(node: nodes.Getattr, text: str) -> None:
    if node.attr.startswith("_"):
        hint = f'write the field in square brackets: ["{node.attr}"]'
        column = _Column(text, {"."}).of(node.attr)
        raise ExpressionError(f"no name begins with _: {node.attr}", column=column, hint=hint)


def _filter(node: nodes.Filter, text: str) -> None:
    column = _Column(text, {"|"})
    found = FILTERS.get(node.name)
    if found is None:
        raise _unknown("filter", node.name, FILTERS, column)
    count = len(node.args or ())
    if node.kwargs or node.dyn_args or node.dyn_kwargs or not found.least <= count <= found.most:
        least, most = found.least, found.most
        wanted = (
            ("no values" if not most else f"{most} at most") if not least else f"{least} to {most} values"
        )
        problem = f"the filter {node.name} takes {wanted} in brackets, without names"
        raise ExpressionError(problem, column=column.of(node.name))


def _test(node: nodes.Test, text: str) -> None:
    column = _Column(text, {"is", "not"})
    if node.name not in TESTS:
        raise _unknown("test", node.name, TESTS, column)
    if node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
        raise ExpressionError(f"the test {node.name} takes no values", column=column.of(node.name))


def _compare(node: nodes.Compare, text: str) -> None:  # noqa: ARG001  # as all checks
    if len(node.ops) > 1:
        raise ExpressionError("comparisons do not chain: write `a < b and b < c`")


def _choice(node: nodes.CondExpr, text: str) -> None:  # noqa: ARG001
    if node.expr2 is None:
        raise ExpressionError("`a if b` has no value when b is false: add `else`")


def _constant(node: nodes.Const, text: str) -> None:  # noqa: ARG001
    if isinstance(node.value, float) and not math.isfinite(node.value):
        raise ExpressionError("a number in it is too large")
    if isinstance(node.value, str) and any("\ud800" <= each <= "\udfff" for each in node.value):
        raise ExpressionError("a text in it has half a character (a lone surrogate)")


def _pair(node: nodes.Pair, text: str) -> None:  # noqa: ARG001
    if not (isinstance(node.key, nodes.Const) and isinstance(node.key.value, str)):
        raise ExpressionError('the fields of an object are named by texts: {"name": data.Name}')


def _unknown(
    what: str, name: str, known: Iterable[str], column: _Column, hint: str | None = None
) -> ExpressionError:
    there = sorted(known)
    hint = hint or did_you_mean(name, there) or f"there are: {', '.join(there)}"
    return ExpressionError(f'unknown {what} "{name}"', column=column.of(name), hint=hint)


@dataclass(frozen=True, slots=True)
class _Column:
    """Finds where a name stands: the first that is preceded by one of `after`, and by none of `never`."""

    text: str
    after: Set[str]
    never: Set[str] = frozenset()

    def of(self, name: str) -> int | None:
        """Counted from 1; None when it cannot be told."""
        before = ""
        for column, kind, value in self.tokens():
            fits = before in self.after if self.after else before not in self.never
            if kind == "name" and value == name and fits:
                return column
            before = value
        return None

    def tokens(self) -> Iterator[tuple[int, str, str]]:
        """Column, kind and text of each token."""
        column = 1
        for _, kind, value in SANDBOX.lexer.tokeniter(self.text, None, state="variable"):
            if kind != "whitespace":
                yield column, kind, value
            column += len(value)


_CHECKS: Mapping[type[nodes.Node], Callable[..., None]] = MappingProxyType(
    {
        nodes.CondExpr: _choice,
        nodes.Compare: _compare,
        nodes.Const: _constant,
        nodes.Filter: _filter,
        nodes.Getattr: _attribute,
        nodes.Pair: _pair,
        nodes.Test: _test,
    }
)
