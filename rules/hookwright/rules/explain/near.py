"""Near misses: values that a pattern refuses although its author may have meant them, and the fix."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from ..pattern.numbers import is_number, read_decimal
from ..pattern.operators import Exact, Numeric, Prefix, Scalar, Suffix, Test, exact_key
from .wording import LONGEST, quoted

_LOOKED_AT = 200  # values, and characters of one


def near_miss(tests: Iterable[Test], values: Iterable[Scalar]) -> str:
    """What is nearly right about the first value that is, or ""."""
    asked = tuple(tests)
    for value, _ in zip(values, range(_LOOKED_AT), strict=False):
        for test in asked:
            found = _near(test, value)
            if found:
                return found
    return ""


def _near(test: Test, value: Scalar) -> str:
    if isinstance(test, Exact):
        return _near_exact(test.value, value)
    if isinstance(test, Prefix | Suffix) and isinstance(value, str) and not test.ignore_case:
        name = "prefix" if isinstance(test, Prefix) else "suffix"
        if type(test)(test.text, ignore_case=True).holds(value):
            fix = f"{{{name}: {{equals-ignore-case: {_written(test.text)}}}}}"
            return f"{quoted(value)} differs in upper and lower case only; {fix} takes both"
    if isinstance(test, Numeric) and isinstance(value, str) and not test.reads_text:
        number = read_decimal(value)
        if isinstance(number, int | float) and test.holds(number):
            return f'{quoted(value)} is a string; "number" in place of "numeric" reads it'
    return ""


def _near_exact(wanted: Scalar, value: Scalar) -> str:
    if isinstance(wanted, str) and isinstance(value, str):
        return _near_text(wanted, value)
    if is_number(wanted) and isinstance(value, str):
        number = read_decimal(value)
        if number is not None and number == wanted:
            fix = f'{{number: ["=", {quoted(wanted)}]}}'
            return f"{quoted(value)} is a string and {quoted(wanted)} is a number; {fix} takes both"
    elif isinstance(wanted, str) and not isinstance(value, str) and quoted(value) == wanted:
        return f"{quoted(value)} is no string; without quotes {wanted} is not one either"
    elif isinstance(value, str) and exact_key(wanted) != value and quoted(wanted) == value:
        return f"{quoted(value)} is a string; quotes around {value} make it one"
    return ""


def _near_text(wanted: str, value: str) -> str:
    if value.casefold() == wanted.casefold():
        fix = f"{{equals-ignore-case: {_written(wanted)}}}"
        return f"{quoted(value)} differs in upper and lower case only; {fix} takes both"
    if value.strip().casefold() == wanted.strip().casefold():
        return f"{quoted(value)} and {quoted(wanted)} differ in the blanks at their ends"
    if quoted(value) == quoted(wanted) or _plain(value) == _plain(wanted):
        return _first_difference(value, wanted)
    return ""


def _written(text: str) -> str:
    """As a fix has it: one that is cut would be none."""
    return quoted(text) if len(text) <= LONGEST else "..."


def _plain(text: str) -> str:
    """With one character for all that look like it: blanks of every kind, letters with separate accents."""
    return unicodedata.normalize("NFKC", text[:_LOOKED_AT]) + text[_LOOKED_AT:]


def _first_difference(value: str, wanted: str) -> str:
    pairs = enumerate(zip(value, wanted, strict=False))
    at = next((number for number, (one, other) in pairs if one != other), min(len(value), len(wanted)))
    there, instead = _letter(value, at), _letter(wanted, at)
    return f"they look alike and differ at character {at + 1}: {there} is there, {instead} is wanted"


def _letter(text: str, at: int) -> str:
    return f"U+{ord(text[at]):04X}" if at < len(text) else "nothing"
