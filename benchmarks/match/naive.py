"""The baseline: every pattern compiled to closures, and one loop that asks them all.

It knows what the CRM patterns of this benchmark use, and no lists of objects; each closure does as little
as it can.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from hookwright.rules.pattern import All, AnyOf, Field, Node, parse_pattern
from hookwright.rules.pattern.operators import Cidr, Exact

Check = Callable[[Any], bool]


class NaiveLoop:
    """The same face as `PatternIndex`."""

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
        parts = [_compiled(part) for part in node.parts]

        def every(data: Any) -> bool:
            for part in parts:  # noqa: SIM110 - a generator costs more
                if not part(data):
                    return False
            return True

        return every
    raise TypeError("the CRM patterns have no $not")


def _field(field: Field) -> Check:
    path, absent, holds = field.path, field.absent, _tests(field)

    def check(data: Any) -> bool:
        for key in path:
            if not isinstance(data, dict) or key not in data:
                return absent
            data = data[key]
        if isinstance(data, list):
            return any(holds(each) for each in data) if data else absent
        return holds(data)

    return check


def _tests(field: Field) -> Check:
    if all(isinstance(test, Exact) for test in field.tests):
        values = frozenset(test.value for test in field.tests if isinstance(test, Exact))
        return values.__contains__
    checks = [_address(test) if isinstance(test, Cidr) else test.holds for test in field.tests]
    return checks[0] if len(checks) == 1 else lambda value: any(check(value) for check in checks)


def _address(test: Cidr) -> Check:
    network = ip_network(test.network)
    return lambda value: ip_address(value) in network
