"""What the runs of an automation compute: its expressions and templates, as trees, and where each stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from jinja2 import nodes

from .actions import OF_A_RUN, templates_in
from .bundle import Entry, Part
from .errors import ExpressionError
from .expression.syntax import NAMES, parse
from .expression.template import parse_template
from .expressions import texts_in

SCOPE: Final = (*NAMES, *OF_A_RUN)
"""The names that a run computes from."""

Computed: TypeAlias = tuple[Part, tuple[str | int, ...], nodes.Node]
"""A part, the way to a text in it, and the tree of the text or of something in it."""


def computed(entry: Entry, steps: Sequence[Part]) -> Iterator[Computed]:
    """Every expression and template of the steps that can be read, and of what is done around them."""
    for step in steps:
        for part, key in conditions(step):
            written = part.value.get(key)
            if isinstance(written, str):
                yield from ((part, (key,), tree) for tree in _read(written, template=False))
    for part, key in (*templates_in(entry), (entry.part, "vars")):
        for path, text in texts_in(part.value.get(key), (key,)):
            yield from ((part, path, tree) for tree in _read(text, template=True))


def conditions(step: Part) -> Iterator[tuple[Part, str]]:
    """Each part and key of a step under which an expression stands."""
    yield step, "if"
    yield from ((branch, "when") for branch in step.parts("choose"))
    loop = step.part("for_each")
    if loop:
        yield loop, "in"


def _read(text: str, *, template: bool) -> Sequence[nodes.Node]:
    """Its trees; none when it cannot be read, which is told elsewhere."""
    try:
        return parse_template(text, SCOPE) if template else (parse(text, SCOPE),)
    except ExpressionError:
        return ()
