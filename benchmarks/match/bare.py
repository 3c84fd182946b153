"""A second loop over closures that does less: for events without lists of objects and dotted names.

It walks from the root to each field and remembers nothing, which is the fastest plain Python for a pattern.
The matcher answers more than this loop could.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hookwright.rules.pattern import All, AnyOf, Field, Node, parse_pattern

from .leaf_tests import any_of

Check = Callable[[Any], Any]


class BareClosures:
    """The same face as `PatternIndex`. Raises `TypeError` for a pattern with `$not`."""

    def __init__(self, patterns: Mapping[str, Any]) -> None:
        self._checks = [(id_, _compiled(parse_pattern(pattern).root)) for id_, pattern in patterns.items()]

    def match(self, data: Any) -> frozenset[str]:
        return frozenset([id_ for id_, check in self._checks if check(data)])


def _compiled(node: Node) -> Check:
    if isinstance(node, Field):
        return _field(node)
    if isinstance(node, AnyOf):
        branches = [_compiled(branch) for branch in node.branches]
        return lambda data: any(branch(data) for branch in branches)
    if isinstance(node, All):
        return _every([_compiled(part) for part in node.parts])
    raise TypeError("no bare closure for $not")


def _every(parts: list[Check]) -> Check:
    def check(data: Any) -> bool:
        for part in parts:  # noqa: SIM110 - a generator costs more
            if not part(data):
                return False
        return True

    return check


def _field(field: Field) -> Check:
    path, absent = field.path, field.absent
    holds = any_of(field.tests) if field.tests else lambda _leaf: False

    def check(data: Any) -> Any:
        for key in path:
            if key not in data:
                return absent
            data = data[key]
        if isinstance(data, list):
            return any(holds(each) for each in data) if data else absent
        return holds(data)

    return check
