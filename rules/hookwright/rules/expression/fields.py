"""Fields: the names that lead to one, and the fields a tree asks for."""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import nodes

from ..errors import ExpressionError
from .syntax import nodes_of, parse, read


def field_path(text: str) -> tuple[str, ...]:
    """`("Owner", "Name")` for `data.Owner.Name`: the names that lead to a field of the event's data.

    Raises `ExpressionError` for any other expression.
    """
    path: list[str] = []
    node: nodes.Node = parse(text)
    while isinstance(node, nodes.Getattr | nodes.Getitem) and (name := _member(node)) is not None:
        path.append(name)
        node = node.node
    if not path or not (isinstance(node, nodes.Name) and node.name == "data"):
        raise ExpressionError("it names no field of the data", hint='write it as data.Owner or data["a b"]')
    return tuple(reversed(path))


def fields_of_data(text: str) -> Iterator[tuple[str, ...]]:
    """The ways to fields of the data that an expression goes, and each step on them.

    Raises `ExpressionError` for what is no expression.
    """
    yield from ways(read(text), "data")


def ways(tree: nodes.Node, owner: str) -> Iterator[tuple[str, ...]]:
    """The ways that `tree` goes from what `owner` is, and each step on them."""
    for part in nodes_of(tree):
        node, path = part, []
        while isinstance(node, nodes.Getattr | nodes.Getitem) and (name := _member(node)) is not None:
            path.append(name)
            node = node.node
        if path and isinstance(node, nodes.Name) and node.name == owner:
            yield tuple(reversed(path))


def members(tree: nodes.Node, owner: str) -> Iterator[str]:
    """The names `tree` takes from what `owner` is: `hello` of `steps.hello.response`."""
    for node in nodes_of(tree):
        if not isinstance(node, nodes.Getattr | nodes.Getitem):
            continue
        name = _member(node)
        if name is not None and isinstance(node.node, nodes.Name) and node.node.name == owner:
            yield name


def _member(node: nodes.Getattr | nodes.Getitem) -> str | None:
    if isinstance(node, nodes.Getattr):
        return node.attr
    named = isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str)
    return str(node.arg.value) if named else None  # type: ignore[attr-defined]  # `named` says so
