"""The operators of a pattern in words, as what a value would have to be."""

from __future__ import annotations

from collections.abc import Iterable

from ..pattern.operators import (
    AnythingBut,
    Cidr,
    EqualsIgnoreCase,
    Exact,
    Numeric,
    Prefix,
    Present,
    Scalar,
    Suffix,
    Test,
    Wildcard,
)
from ..pattern.report import shown

ABSENT = "no value at all"
LONGEST = 60  # characters of a value in a sentence
_ANY_CASE = " in upper or lower case"


def words(test: Test) -> str:
    """`a string that begins with "Hot"`: what a value must be for the test to hold."""
    if isinstance(test, Exact):
        return quoted(test.value)
    if isinstance(test, Numeric):
        return _range(test)
    if isinstance(test, Cidr):
        return f"an address in {test.network}"
    if isinstance(test, AnythingBut):
        return f"anything but {either(words(each) for each in test.refused)}"
    return "any value" if isinstance(test, Present) else _text(test)


def _text(test: Prefix | Suffix | EqualsIgnoreCase | Wildcard) -> str:
    if isinstance(test, EqualsIgnoreCase):
        return quoted(test.text) + _ANY_CASE
    if isinstance(test, Wildcard):
        return f"a string like {quoted(_pattern(test.parts))}"
    end = "begins" if isinstance(test, Prefix) else "ends"
    return f"a string that {end} with {quoted(test.text)}{_ANY_CASE if test.ignore_case else ''}"


def quoted(value: Scalar) -> str:
    """A value as JSON, cut where it grows long."""
    if isinstance(value, str) and len(value) > LONGEST:
        return shown(value[:LONGEST] + "…", 10 * LONGEST)
    return shown(value, 10 * LONGEST)


def either(alternatives: Iterable[str], last: str = "or") -> str:
    """`a, b or c`."""
    listed = list(alternatives)
    return f" {last} ".join([", ".join(listed[:-1]), listed[-1]] if len(listed) > 1 else listed)


def _pattern(parts: tuple[str, ...]) -> str:
    """A wildcard as it was written."""
    return "*".join(part.replace("\\", "\\\\").replace("*", "\\*") for part in parts)


def _range(test: Numeric) -> str:
    reading = ", also one written as a string" if test.reads_text else ""
    if test.lower is not None and test.lower == test.upper:
        return f"the number {shown(test.lower)}{reading}"
    lower = [] if test.lower is None else [f"{'>=' if test.lower_included else '>'} {shown(test.lower)}"]
    upper = [] if test.upper is None else [f"{'<=' if test.upper_included else '<'} {shown(test.upper)}"]
    return f"a number {' and '.join([*lower, *upper])}{reading}"
