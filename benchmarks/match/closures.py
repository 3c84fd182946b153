"""The baseline: every pattern compiled to closures, and a loop that asks one after the other.

It answers the whole language as the matcher does, so it reads an event into its leaves first, each with the
list elements it lies in: that is what makes `a.b` and `a: {b: ...}` the same, and conditions below one list
speak of one element. `$or` and `$and` are multiplied out beforehand. A pattern fails at its first condition,
in the order it was written in, that no leaf meets; elements are compared only where leaves below lists of
objects are all that meets a condition.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from hookwright.rules.pattern import All, AnyOf, Field, Node, Not, parse_pattern

from .leaf_tests import any_of

Elements: TypeAlias = tuple[tuple[int, int], ...]
"""Which element of which list, for every list above a leaf."""
Leaves: TypeAlias = dict[str, list[tuple[Any, Elements]]]
"""The leaves of an event by dotted path."""
Check: TypeAlias = Callable[[Leaves], bool]
Ways: TypeAlias = "bool | list[Elements]"
"""How a condition can be met: anyhow, not at all, or in these elements."""


class Closures:
    """The same face as `PatternIndex`."""

    def __init__(self, patterns: Mapping[str, Any]) -> None:
        self._checks = [(id_, _pattern(parse_pattern(pattern).root)) for id_, pattern in patterns.items()]

    def match(self, data: Any) -> frozenset[str]:
        leaves: Leaves = {}
        _read(data, "", (), leaves, itertools.count())
        return frozenset([id_ for id_, check in self._checks if check(leaves)])


def _read(value: Any, path: str, elements: Elements, leaves: Leaves, lists: Iterator[int]) -> None:
    if isinstance(value, dict):
        for key, below in value.items():
            _read(below, f"{path}.{key}" if path else key, elements, leaves, lists)
    elif isinstance(value, list):
        number = next(lists)
        for position, each in enumerate(value):
            inside = (*elements, (number, position)) if isinstance(each, dict | list) else elements
            _read(each, path, inside, leaves, lists)
    elif path in leaves:
        leaves[path].append((value, elements))
    else:
        leaves[path] = [(value, elements)]


class _Asked(NamedTuple):
    """One condition of a conjunction: `ways` to meet it, or the path of a field that must be absent."""

    ways: Callable[[Leaves], Ways] | None
    path: str


def _pattern(node: Node) -> Check:
    conjunctions = [_conjunction(parts) for parts in _multiplied_out(node)]
    if len(conjunctions) == 1:
        return conjunctions[0]
    return lambda leaves: any(check(leaves) for check in conjunctions)


def _multiplied_out(node: Node) -> list[list[_Asked]]:
    """The conjunctions of which one must hold."""
    if isinstance(node, Field):
        path = ".".join(node.path)
        met = [[_Asked(_met(path, node), path)]] if node.tests else []
        return met + ([[_Asked(None, path)]] if node.absent else [])
    if isinstance(node, AnyOf):
        return [parts for branch in node.branches for parts in _multiplied_out(branch)]
    if isinstance(node, All):
        products = itertools.product(*map(_multiplied_out, node.parts))
        return [[asked for parts in product for asked in parts] for product in products]
    return [[_Asked(_refused(node), "")]]


def _met(path: str, field: Field) -> Callable[[Leaves], Ways]:
    holds = any_of(field.tests)

    def ways(leaves: Leaves) -> Ways:
        found: list[Elements] = []
        for value, elements in leaves.get(path, ()):
            if holds(value):
                if not elements:
                    return True
                found.append(elements)
        return found

    return ways


def _refused(node: Not) -> Callable[[Leaves], Ways]:
    check = _pattern(node.part)
    return lambda leaves: not check(leaves)


def _conjunction(parts: list[_Asked]) -> Check:
    asked = [each.ways for each in parts if each.ways is not None]
    absent = [each.path for each in parts if each.ways is None]

    def check(leaves: Leaves) -> bool:
        choices: list[list[Elements]] = []
        for ways in asked:
            met = ways(leaves)
            if not met:
                return False
            if met is not True:
                choices.append(met)
        there = [elements for path in absent for _, elements in leaves.get(path, ())]
        if not there and len(choices) < 2:
            return True
        return any(not any(_agree(way, elements) for elements in there) for way in _consistent(choices))

    return check


def _consistent(choices: list[list[Elements]]) -> Iterator[dict[int, int]]:
    """The chosen elements of every way to meet all conditions, in one element of each list."""
    if not choices:
        yield {}
        return
    *others, last = choices
    for way in _consistent(others):
        for elements in last:
            if _agree(way, elements):
                yield {**way, **dict(elements)}


def _agree(way: Mapping[int, int], elements: Elements) -> bool:
    return all(way.get(number, position) == position for number, position in elements)
