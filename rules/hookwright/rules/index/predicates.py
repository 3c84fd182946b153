"""The tests of a field as one function of a leaf, made to be called very often.

Each does what the `holds` of its operators says, and takes `MISSING` as well, which no operator is asked of:
only `exists: false` holds for it. A leaf is of the very types a JSON parser makes, so kinds are told apart by
`type(...) is`, the quickest way there is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable
from typing import Final, TypeAlias

from ..pattern.operators import (
    AnythingBut,
    EqualsIgnoreCase,
    Exact,
    Numeric,
    Prefix,
    Present,
    Suffix,
    Test,
    Wildcard,
    exact_key,
)
from .marks import plainest

Predicate: TypeAlias = Callable[[object], bool]


class Missing:
    """The type of `MISSING`."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()
"""Stands where a field has no leaf at all. None is a leaf: JSON's null."""


def predicate(tests: Iterable[Test], *, absent: bool) -> Predicate:
    """One function that holds where any of `tests` does, and for `MISSING` if `absent`."""
    tests = tuple(tests)
    exact = frozenset([exact_key(test.value) for test in tests if isinstance(test, Exact)])
    found = [one_of(exact)] if exact else []
    found += [_single(test) for test in tests if not isinstance(test, Exact)]
    if absent:
        found.append(_is_missing)
    return found[0] if len(found) == 1 else _any_of(tuple(found))


def one_of(keys: frozenset[Hashable]) -> Predicate:
    """Whether the `exact_key` of a leaf is among these: in C, where no boolean can be taken for 1 or 0."""
    if not any(key in (0, 1) or isinstance(key, tuple) for key in keys):
        return keys.__contains__
    return lambda leaf: ((leaf, bool) if type(leaf) is bool else leaf) in keys


def _any_of(predicates: tuple[Predicate, ...]) -> Predicate:
    return lambda leaf: any(holds(leaf) for holds in predicates)


def _is_missing(leaf: object) -> bool:
    return leaf is MISSING


def _is_there(leaf: object) -> bool:
    return leaf is not MISSING


def _single(test: Test) -> Predicate:
    if isinstance(test, Prefix | Suffix | EqualsIgnoreCase):
        return _text(test)
    if isinstance(test, Wildcard):
        return _wildcard(test)
    if isinstance(test, Numeric) and not test.reads_text:
        return _between(test)
    if isinstance(test, AnythingBut):
        return _anything_but(test)
    return _is_there if isinstance(test, Present) else _guarded(test)


def _guarded(test: Test) -> Predicate:
    """For the operators that are slow anyway."""
    return lambda leaf: leaf is not MISSING and test.holds(leaf)  # type: ignore[arg-type] # a leaf otherwise


def _text(test: Prefix | Suffix | EqualsIgnoreCase) -> Predicate:
    text = test.text
    if isinstance(test, EqualsIgnoreCase):
        folded = text.casefold()
        return lambda leaf: type(leaf) is str and leaf.casefold() == folded
    if test.ignore_case:
        folded = text.casefold()
        if isinstance(test, Prefix):
            return lambda leaf: type(leaf) is str and leaf.casefold().startswith(folded)
        return lambda leaf: type(leaf) is str and leaf.casefold().endswith(folded)
    if isinstance(test, Prefix):
        return lambda leaf: type(leaf) is str and leaf.startswith(text)
    return lambda leaf: type(leaf) is str and leaf.endswith(text)


def _wildcard(test: Wildcard) -> Predicate:
    """The common shapes `ab*yz` and `*mn*` need no walk over parts; most others fail at their ends."""
    first, *middle, last = test.parts if len(test.parts) > 1 else (*test.parts, "")
    if len(test.parts) == 1:
        return frozenset(test.parts).__contains__
    if not middle:
        least = len(first) + len(last)
        return lambda leaf: (
            type(leaf) is str and leaf.startswith(first) and leaf.endswith(last) and len(leaf) >= least
        )
    if len(middle) == 1 and not first and not last:
        (inside,) = middle
        return lambda leaf: type(leaf) is str and inside in leaf
    holds = test.holds
    return lambda leaf: type(leaf) is str and leaf.startswith(first) and leaf.endswith(last) and holds(leaf)


def _between(test: Numeric) -> Predicate:
    lower = -math.inf if test.lower is None else test.lower
    upper = math.inf if test.upper is None else test.upper
    numbers = (float, int)
    if test.lower is None or test.lower_included:
        if test.upper is None or test.upper_included:
            return lambda leaf: type(leaf) in numbers and lower <= leaf <= upper  # type: ignore[operator]
        return lambda leaf: type(leaf) in numbers and lower <= leaf < upper  # type: ignore[operator]
    if test.upper is None or test.upper_included:
        return lambda leaf: type(leaf) in numbers and lower < leaf <= upper  # type: ignore[operator]
    return lambda leaf: type(leaf) in numbers and lower < leaf < upper  # type: ignore[operator]


def _anything_but(test: AnythingBut) -> Predicate:
    refused = predicate(map(plainest, test.refused), absent=False)
    return lambda leaf: leaf is not MISSING and not refused(leaf)
