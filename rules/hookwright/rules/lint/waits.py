"""The `wait_for` and `for_each` of automations: patterns that no event meets, and lists that are none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from hookwright.schemas.problem import Problem

from ..bundle import Part
from ..computed import SCOPE
from ..errors import ExpressionError, Steps
from ..event import JSON
from ..expression.always import always
from ..expression.fields import field_path
from ..expression.template import is_template
from ..pattern import Pattern, read_pattern
from .data import Data
from .finding import NEVER, UNKNOWN_FIELD, UNKNOWN_VALUE, WRONG_KIND
from .pattern import pattern_findings

_SOMETHING: Final[JSON] = {"exists": True}
_SURE: Final = frozenset({NEVER, UNKNOWN_FIELD, UNKNOWN_VALUE, WRONG_KIND})
_LISTS: Final = frozenset({"a list", "a number, a text or a list"})
_FIX: Final = "name a field that holds a list, or write one: [data.A, data.B]"


def wait_warnings(awaited: Part, known: Sequence[Data]) -> Iterator[Problem]:
    """Those about the pattern of a `wait_for`, whatever its templates are filled in to."""
    written = awaited.value.get("match")
    if not isinstance(written, dict):
        return
    pattern = {key: _without_templates(value) for key, value in written.items()}
    read = read_pattern(pattern)
    for finding in pattern_findings(read, pattern, known) if isinstance(read, Pattern) else ():
        at = _there(awaited, finding.at)
        if finding.code in _SURE:
            yield awaited.problem(
                finding.code,
                finding.message,
                "match",
                *at,
                hint=finding.hint,
                severity="warning",
                key=finding.key and at == finding.at,
            )


def loop_problems(loop: Part, known: Sequence[Data]) -> Iterator[Problem]:
    """A `for_each` over what is no list, whatever the event is."""
    written = loop.value.get("in")
    if not isinstance(written, str):
        return
    try:
        made = always(written, SCOPE)
    except ExpressionError:  # which is told as such
        return
    if made is not None and made not in _LISTS:
        yield loop.problem("HW172", f"it always makes {made}, and a loop takes a list", "in", hint=_FIX)
    elif known and all(_is_no_list(written, data) for data in known):
        yield loop.problem("HW172", f"{written} is one plain value, and a loop takes a list", "in", hint=_FIX)


def _is_no_list(written: str, data: Data) -> bool:
    try:
        found = data.at(field_path(written))
    except ExpressionError:
        return False
    return found is not None and found.sure and bool(found.kinds) and "list" not in found.nested


def _without_templates(tree: JSON) -> JSON:
    """The pattern with every condition that a template is part of left open."""
    if isinstance(tree, dict):
        return {key: _without_templates(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_SOMETHING if _has_template(each) else each for each in tree]
    return [_SOMETHING] if isinstance(tree, str) and is_template(tree) else tree


def _has_template(tree: JSON) -> bool:
    if isinstance(tree, dict):
        return any(map(_has_template, tree.values()))
    if isinstance(tree, list):
        return any(map(_has_template, tree))
    return isinstance(tree, str) and is_template(tree)


def _there(awaited: Part, at: Steps) -> Steps:
    """As much of the way as there is in the pattern as written."""
    ways = (at[:cut] for cut in range(len(at), 0, -1))
    return next((way for way in ways if awaited.value_at("match", *way) is not None), ())
