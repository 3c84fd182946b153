"""What of a condition can be looked up: its *marks*, of which a leaf that meets it has at least one.

A mark stands in a *table*: the exact values of a place, its prefixes of one length, its suffixes of one
length, and the same of casefolded text. One look-up in a table tells which of its marks a leaf has, however
many there are. Ranges, wildcards and refusals have no marks.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from ..pattern.operators import EqualsIgnoreCase, Exact, Numeric, Prefix, Suffix, Test, Wildcard, exact_key

Cut: TypeAlias = tuple[int | None, int | None]
"""Which part of a text is looked up: `(None, 3)` is its first three letters, `(-3, None)` its last."""

WHOLE: Cut = (None, None)


class Table(NamedTuple):
    """Which table of a place: exact values (`cut` is `WHOLE`, not `folded`) or pieces of text."""

    slot: int
    folded: bool
    cut: Cut


class Mark(NamedTuple):
    """One entry of a table."""

    table: Table
    key: Hashable


def marks_of(slot: int, tests: Iterable[Test]) -> tuple[Mark, ...]:
    """The marks of a field; none if one of its tests has none."""
    found = [_mark(slot, test) for test in tests]
    known = tuple([mark for mark in found if mark is not None])
    if len(known) < len(found):
        return ()
    return known if len(known) == 1 else tuple(dict.fromkeys(known))


def tell(tests: Iterable[Test]) -> bool:
    """Whether any of their marks is enough for these tests: a wildcard has more to it than one end."""
    return not any(isinstance(test, Wildcard) for test in tests)


_table = lru_cache(maxsize=4096)(Table)  # one object for one table, of which every mark holds a reference


def plainest(test: Test) -> Test:
    """The same test in the form that is quickest to ask, and that may have a mark."""
    if isinstance(test, Numeric) and not test.reads_text and _is_point(test):
        return Exact(test.lower)  # type: ignore[arg-type] # what a pattern writes is an int or a float
    if isinstance(test, Wildcard) and len(test.parts) <= 2:
        first, last = test.parts[0], test.parts[-1]
        if len(test.parts) == 1:
            return Exact(first)
        if not last or not first:
            return Prefix(first) if first else Suffix(last)
    return test


def _is_point(test: Numeric) -> bool:
    return test.lower_included and test.upper_included and test.lower == test.upper


def _mark(slot: int, test: Test) -> Mark | None:
    if isinstance(test, Exact):
        return Mark(_table(slot, False, WHOLE), exact_key(test.value))
    if isinstance(test, EqualsIgnoreCase):
        return Mark(_table(slot, True, WHOLE), test.text.casefold())
    if isinstance(test, Wildcard):
        first, last = test.parts[0], test.parts[-1]
        return _mark(slot, Prefix(first) if first else Suffix(last))
    if isinstance(test, Prefix | Suffix) and test.text:
        text = test.text.casefold() if test.ignore_case else test.text
        cut = (None, len(text)) if isinstance(test, Prefix) else (-len(text), None)
        return Mark(_table(slot, test.ignore_case, cut), text)
    return None
