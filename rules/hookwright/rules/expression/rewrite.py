"""Turns what jinja2 leaves to Python into calls of ours: comparisons, `~`, `value[a:b]`, loops and output."""

from __future__ import annotations

import re

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from .sandbox import COMPARED, CUT, EACH, JOINED, JSON_VALUE, SHOWN, SHOWN_IN_JSON

_ESCAPED = re.compile(r"\\.")


def rewritten(tree: nodes.Expr) -> nodes.Expr:
    """The tree with our calls in it; what is given is used up."""
    found = _Rewrite().visit(tree)
    assert isinstance(found, nodes.Expr)
    return found


def rewritten_template(tree: nodes.Template, *, json: bool = False) -> nodes.Template:
    """The same of a whole template. With `json` its text is JSON: no value can get out of its place in it."""
    found = (_RewriteJson() if json else _Rewrite()).visit(tree)
    assert isinstance(found, nodes.Template)
    return found


class _Rewrite(NodeTransformer):
    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802  # jinja2 finds it by this name
        self.generic_visit(node)
        (operand,) = node.ops
        return nodes.Filter(node.expr, COMPARED + operand.op, [operand.expr], [], None, None)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return nodes.Filter(nodes.List(node.nodes), JOINED, [], [], None, None)

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        part = node.arg
        if not isinstance(part, nodes.Slice):
            return node
        bounds = [each or nodes.Const(None) for each in (part.start, part.stop, part.step)]
        return nodes.Filter(node.node, CUT, bounds, [], None, None)

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        parts = sum(1 for _ in node.find_all(nodes.Node))
        self.generic_visit(node)
        node.iter = nodes.Filter(node.iter, EACH, [nodes.Const(parts)], [], None, None)
        return node

    def visit_Output(self, node: nodes.Output) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.nodes = [self._output(each) for each in node.nodes]
        return node

    def _output(self, node: nodes.Expr) -> nodes.Expr:
        if isinstance(node, nodes.TemplateData):
            return node
        return nodes.Filter(node, self._shown(), [], [], None, None)

    def _shown(self) -> str:
        return SHOWN


class _RewriteJson(_Rewrite):
    """Knows, by the quotes before it in the text, whether an expression stands inside of a text.

    Where a template decides in the middle of one it may be wrong. Then what comes out is no JSON, or the
    value is a text all the same: a quote in a value is always written with its backslash.
    """

    def __init__(self) -> None:
        self._quoted = False

    def _output(self, node: nodes.Expr) -> nodes.Expr:
        if isinstance(node, nodes.TemplateData):
            quotes = _ESCAPED.sub("", node.data).count('"')
            self._quoted ^= bool(quotes % 2)
        return super()._output(node)

    def _shown(self) -> str:
        return SHOWN_IN_JSON if self._quoted else JSON_VALUE
