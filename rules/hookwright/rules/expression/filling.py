"""Filling in: what becomes of a text with templates, and of a tree of such texts, for one event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeAlias, cast

from jinja2 import Template, nodes
from jinja2.environment import TemplateExpression

from ..errors import ExpressionError
from ..event import JSON
from .budget import VARIABLE, Budget, computing
from .rewrite import rewritten, rewritten_template
from .sandbox import SANDBOX
from .syntax import reading
from .template import is_template
from .values import check_result, present

LONGEST: Final = 1 << 20  # characters that one call of `fill` or `fill_text` makes of templates

_Made: TypeAlias = "TemplateExpression | Template"


def fill(tree: JSON, scope: Mapping[str, JSON]) -> JSON:
    """The tree with its texts filled in from `scope`; the names of its objects stay as they are.

    A text that is exactly one `{{ ... }}` becomes that value, whatever it is; in any other the values become
    text. Raises `ExpressionError`, which says where in the tree, when there is no value, and when all of it
    together is more work, or longer, than may be.
    """
    return _Filling(scope).tree(tree, ())


def fill_text(text: str, scope: Mapping[str, JSON]) -> str:
    """The text filled in from `scope`. Raises `ExpressionError` as `fill` does, and for what is no text.

    A text, a number, true and false read as JSON writes them, a text without its quotes.
    """
    return _Filling(scope).text(text)


def fill_json(text: str, scope: Mapping[str, JSON]) -> str:
    """The text filled in, where it is that of JSON: inside of quotes a value is spelt as JSON spells texts,
    elsewhere as JSON, its own quotes included. So no value can add a field. Raises `ExpressionError`.
    """
    if not is_template(text):
        return text
    filling = _Filling(scope)
    with computing():
        return filling.written(_json_of(text))


@dataclass(slots=True)
class _Filling:
    """One budget and one length for all that is filled in together."""

    scope: dict[str, Any]
    budget: Budget
    left: int

    def __init__(self, scope: Mapping[str, JSON]) -> None:
        self.budget = Budget()
        self.scope = {**scope, VARIABLE: self.budget}
        self.left = LONGEST

    def tree(self, value: JSON, path: tuple[str | int, ...]) -> JSON:
        if isinstance(value, dict):
            return {key: self.tree(each, (*path, key)) for key, each in value.items()}
        if isinstance(value, list):
            return [self.tree(each, (*path, index)) for index, each in enumerate(value)]
        if not isinstance(value, str) or not is_template(value):
            return value
        try:
            return self._leaf(value)
        except ExpressionError as error:
            where = f"at {'/'.join(map(str, path))}: " if path else ""
            raise ExpressionError(where + error.message, hint=error.hint) from error

    def text(self, text: str) -> str:
        if not is_template(text):
            return text
        with computing():
            return self.written(_text_of(text))

    def _leaf(self, text: str) -> JSON:
        made = _made(text)
        with computing():
            if isinstance(made, Template):
                return self.written(made)
            value = present(made(self.scope))
            check_result(value, self.budget)
        self._take(len(value) if isinstance(value, str) else 0)
        return cast("JSON", value)

    def written(self, template: Template) -> str:
        """What the template writes; ends as soon as that is too much."""
        return "".join(self._pieces(template))

    def _pieces(self, template: Template) -> Iterator[str]:
        for piece in template.root_render_func(template.new_context(self.scope)):
            self.budget.spend_on(len(piece))
            self._take(len(piece))
            yield piece

    def _take(self, characters: int) -> None:
        self.left -= characters
        if self.left < 0:
            raise ExpressionError(f"what is filled in has more than {LONGEST:,} characters")


@lru_cache(maxsize=8192)  # most templates of a bundle stay when it is changed
def _made(text: str) -> _Made:
    """What computes the value of a text that is one expression; what writes any other."""
    with reading():
        tree = SANDBOX.parse(text)
        alone = _alone(tree)
        return SANDBOX.compile_tree(rewritten(alone)) if alone is not None else _text_of(text)


@lru_cache(maxsize=8192)
def _text_of(text: str) -> Template:
    with reading():
        return SANDBOX.compile_template(rewritten_template(SANDBOX.parse(text)))


@lru_cache(maxsize=1024)
def _json_of(text: str) -> Template:
    with reading():
        return SANDBOX.compile_template(rewritten_template(SANDBOX.parse(text), json=True))


def _alone(tree: nodes.Template) -> nodes.Expr | None:
    """The expression of a template that has nothing beside it."""
    first = tree.body[0] if len(tree.body) == 1 else None
    if isinstance(first, nodes.Output) and len(first.nodes) == 1:
        return None if isinstance(first.nodes[0], nodes.TemplateData) else first.nodes[0]
    return None
