"""Turns what jinja2 leaves to Python into calls of ours: comparisons, `~`, `value[a:b]`, loops and output."""

from __future__ import annotations

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from .sandbox import COMPARED, CUT, EACH, JOINED, SHOWN


def rewritten(tree: nodes.Expr) -> nodes.Expr:
    """The tree with our calls in it; what is given is used up."""
    found = _Rewrite().visit(tree)
    assert isinstance(found, nodes.Expr)
    return found


def rewritten_template(tree: nodes.Template) -> nodes.Template:
    """The same of a whole template."""
    found = _Rewrite().visit(tree)
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
        node.nodes = [
            each if isinstance(each, nodes.TemplateData) else nodes.Filter(each, SHOWN, [], [], None, None)
            for each in node.nodes
        ]
        return node
