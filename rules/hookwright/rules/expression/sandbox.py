"""The one environment expressions run in: fields of plain data, our operators, our filters, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jinja2 import nodes
from jinja2.environment import Template, TemplateExpression
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from .budget import budget_of
from .filters import FILTERS, TESTS
from .operators import BINARY, COMPARISONS, arithmetic, cut, each, joined, negative
from .values import Missing, as_text, present, text_in_json

JOINED: Final = "_joined"  # what `~` and `[a:b]` become; no expression can name a filter like this
CUT: Final = "_cut"
COMPARED: Final = "_compared_"
SHOWN: Final = "_shown"  # what stands between double braces of a text
SHOWN_IN_JSON: Final = "_shown_in_json"  # the same inside of quotes that JSON will read
JSON_VALUE: Final = "_json_value"  # and outside of them
EACH: Final = "_each"  # what a loop goes through
LOOP: Final = frozenset({"index", "index0", "revindex", "first", "last", "length"})


class Sandbox(ImmutableSandboxedEnvironment):
    """Looks names up among items only, never among attributes, so that no method can be reached."""

    intercepted_binops = BINARY
    intercepted_unops = frozenset("+-")

    def __init__(self) -> None:
        super().__init__(
            undefined=Missing,
            autoescape=False,  # an expression makes a value, not HTML
            optimized=False,  # nothing runs before there is a budget
            keep_trailing_newline=True,
        )
        self.globals.clear()
        self.tests = dict(TESTS)
        self.filters = {name: each.call for name, each in FILTERS.items()}
        self.filters |= {JOINED: joined, CUT: cut, SHOWN: as_text, EACH: each}
        self.filters |= {SHOWN_IN_JSON: text_in_json, JSON_VALUE: FILTERS["json"].call}
        self.filters |= {COMPARED + name: call for name, call in COMPARISONS.items()}

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """A field of an object by its name, an item of a list or a character of a text by its number."""
        present(obj)
        present(argument)
        if isinstance(argument, str):
            if isinstance(obj, LoopContext) and argument in LOOP:
                return getattr(obj, argument)
            found = isinstance(obj, Mapping) and argument in obj
        else:
            whole = isinstance(argument, int) and not isinstance(argument, bool)
            found = whole and isinstance(obj, list | str) and -len(obj) <= argument < len(obj)
        return obj[argument] if found else self.undefined(obj=obj, name=argument)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        return arithmetic(operator, left, right, budget_of(context))

    def call_unop(self, context: Context, operator: str, arg: Any) -> Any:  # noqa: ARG002  # jinja2's shape
        return negative(operator, arg)

    def is_safe_callable(self, obj: Any) -> bool:  # noqa: ARG002  # nothing is called, whatever it is
        return False

    def compile_tree(self, tree: nodes.Expr) -> TemplateExpression:
        """What `compile_expression` makes of a text, from a tree that was checked and rewritten."""
        tree.set_environment(self)
        body: list[nodes.Node] = [nodes.Assign(nodes.Name("result", "store"), tree, lineno=1)]
        template = self.from_string(nodes.Template(body, lineno=1))
        return TemplateExpression(template, undefined_to_none=False)

    def compile_template(self, tree: nodes.Template) -> Template:
        """What writes the text of a tree that was checked and rewritten."""
        tree.set_environment(self)
        return self.from_string(tree)


SANDBOX: Final = Sandbox()
