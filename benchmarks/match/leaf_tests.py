"""The alternatives of one field compiled to one closure over a leaf; shared by both loops over closures."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any, TypeAlias

from hookwright.rules.pattern.operators import (
    AnythingBut,
    EqualsIgnoreCase,
    Exact,
    Numeric,
    Prefix,
    Present,
    Suffix,
    Test,
    Wildcard,
)

LeafTest: TypeAlias = Callable[[Any], Any]
"""Truthy where the leaf passes."""


def any_of(tests: tuple[Test, ...]) -> LeafTest:
    """Whether one of `tests` holds; exact values are looked up together."""
    exact = [test.value for test in tests if isinstance(test, Exact)]
    others = [_compiled(test) for test in tests if not isinstance(test, Exact)]
    checks = [_one_of(exact), *others] if exact else others
    return checks[0] if len(checks) == 1 else lambda leaf: any(check(leaf) for check in checks)


def _one_of(values: list[Any]) -> LeafTest:
    if not any(value in (0, 1) for value in values):
        return frozenset(values).__contains__
    pairs = frozenset((isinstance(value, bool), value) for value in values)  # true is not 1
    return lambda leaf: (isinstance(leaf, bool), leaf) in pairs


def _compiled(test: Test) -> LeafTest:
    if isinstance(test, Numeric) and not test.reads_text:
        return _range(test)
    if isinstance(test, AnythingBut):
        refused = any_of(test.refused)
        return lambda leaf: not refused(leaf)
    if isinstance(test, Present):
        return lambda _leaf: True
    return _text(test)


def _text(test: Test) -> LeafTest:
    if isinstance(test, Wildcard):
        shape = re.compile(".*".join(map(re.escape, test.parts)), re.DOTALL)
        return lambda leaf: isinstance(leaf, str) and shape.fullmatch(leaf)
    if isinstance(test, EqualsIgnoreCase):
        folded = test.text.casefold()
        return lambda leaf: isinstance(leaf, str) and leaf.casefold() == folded
    if isinstance(test, Prefix | Suffix):
        return _end(test)
    return test.holds


def _end(test: Prefix | Suffix) -> LeafTest:
    held = str.startswith if isinstance(test, Prefix) else str.endswith
    if not test.ignore_case:
        text = test.text
        return lambda leaf: isinstance(leaf, str) and held(leaf, text)
    folded = test.text.casefold()
    return lambda leaf: isinstance(leaf, str) and held(leaf.casefold(), folded)


def _range(test: Numeric) -> LeafTest:
    bounds = [
        (compare, bound)
        for compare, bound in (
            (operator.ge if test.lower_included else operator.gt, test.lower),
            (operator.le if test.upper_included else operator.lt, test.upper),
        )
        if bound is not None
    ]
    if len(bounds) == 1:
        ((compare, bound),) = bounds
        return lambda leaf: leaf.__class__ in (int, float) and compare(leaf, bound)
    (above, lower), (below, upper) = bounds
    return lambda leaf: leaf.__class__ in (int, float) and above(leaf, lower) and below(leaf, upper)
