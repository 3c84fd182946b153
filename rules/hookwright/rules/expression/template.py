"""Templates: text with expressions in double braces. Read before there is an event, to tell what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from jinja2 import nodes

from ..errors import ExpressionError
from .sandbox import SANDBOX
from .syntax import NAMES, bounded, check, nodes_of, parse, reading, too_many

STATEMENT: Final = "{%"
_MARKS: Final = ("{{", STATEMENT, "{#")
_STATEMENTS: Final = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.For, nodes.If, nodes.Assign)
_TRIMMING: Final = ("{{-", "{#-")  # take away the blanks before them, and with these the count of columns
_OF_LOOPS: Final = "loop"
_TAKEN: Final = frozenset({*NAMES, "events", "steps", "vars", _OF_LOOPS})
MOST_PARTS: Final = 2000  # of one template
DEEPEST_LOOP: Final = 8


def is_template(text: str) -> bool:
    """Whether there is anything in `text` to fill in."""
    return any(mark in text for mark in _MARKS)


def parse_template(text: str, names: Sequence[str] = NAMES) -> tuple[nodes.Node, ...]:
    """The trees of what is to be filled in, over `names`; none for a text without any.

    Raises `ExpressionError`, its column counted in the whole text, for what no template has.
    """
    if not is_template(text):
        return ()
    with reading():
        if STATEMENT in text:
            return (_with_statements(text, names),)
        exact = not any(mark in text for mark in _TRIMMING)
        inner = _expressions(text)
        return tuple(_few(_placed(each, column if exact else None, names) for each, column in inner))


def _few(trees: Iterable[nodes.Expr]) -> Iterator[nodes.Expr]:
    """The trees, as long as they are not too many: each takes its time to read."""
    parts = 0
    for tree in trees:
        parts += sum(1 for _ in nodes_of(tree))
        if parts > MOST_PARTS:
            raise too_many(MOST_PARTS, "template")
        yield tree


def _placed(inner: str, column: int | None, names: Sequence[str]) -> nodes.Expr:
    """The tree of an expression that starts at `column` of its template, where that is known."""
    try:
        return parse(inner, names)
    except ExpressionError as error:
        at = None if error.column is None or column is None else error.column + column - 1
        raise ExpressionError(error.message, column=at, hint=error.hint) from None


def _expressions(text: str) -> Iterator[tuple[str, int]]:
    """What stands between double braces, and the column it starts at."""
    column = 1
    begun: int | None = None
    inner = ""
    for _, kind, value in SANDBOX.lexer.tokeniter(text, None):
        column += len(value)
        if kind == "variable_begin":
            begun, inner = column, ""
        elif kind == "variable_end" and begun is not None:
            yield inner, begun
            begun = None
        elif begun is not None:
            inner += value
    if begun is not None:
        raise ExpressionError("what {{ opens is never closed with }}", column=begun - 2)


def _with_statements(text: str, names: Sequence[str]) -> nodes.Template:
    """The tree of a template that decides, repeats or sets names of its own."""
    tree = SANDBOX.parse(text)
    bounded(tree, MOST_PARTS)
    own = {node.name for node in tree.find_all(nodes.Name) if node.ctx == "store"}
    for node in nodes_of(tree):
        stored = isinstance(node, nodes.Name) and node.ctx == "store"
        if not stored and not isinstance(node, _STATEMENTS):
            _check(node, (*names, *sorted(own), _OF_LOOPS))
    _check_names(own)
    _check_loops(tree, 0)
    return tree


def _check_names(own: set[str]) -> None:
    """Names a template gives itself: none hides what is there already, or what only we can say."""
    for name in sorted(own):
        if name.startswith("_"):
            raise ExpressionError(f"no name begins with _: {name}")
        if name in _TAKEN:
            raise ExpressionError(f'"{name}" has a meaning already', hint="set another name")


def _check_loops(node: nodes.Node, depth: int) -> None:
    if isinstance(node, nodes.For):
        depth += 1
        if node.recursive:
            raise ExpressionError("a loop goes through a list once; leave out recursive")
    if depth > DEEPEST_LOOP:
        raise ExpressionError(f"loops stand in each other deeper than {DEEPEST_LOOP}")
    for below in node.iter_child_nodes():
        _check_loops(below, depth)


def _check(node: nodes.Node, names: Sequence[str]) -> None:
    if isinstance(node, nodes.Stmt):
        kind = type(node).__name__.lower()
        raise ExpressionError(f"a template has no {kind}; it has if, for and set")
    if isinstance(node, nodes.NSRef):
        raise ExpressionError(f"a value cannot be changed: {node.name}.{node.attr}", hint="set a name")
    check(node, "", names)
