"""Alternatives that ask for another kind of value than the field has, as for a number where text stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ..pattern.numbers import read_decimal
from ..pattern.operators import AnythingBut, Exact, Numeric, Test
from ..pattern.report import shown
from ..pattern.syntax import Field
from .data import Data
from .finding import WRONG_KIND, Finding
from .kinds import ALL, Kinds, kinds_of
from .written import alternatives

_SAID: Final = {"text": "text", "number": "a number", "boolean": "true or false", "null": "null"}
_ORDER: Final = ("text", "number", "boolean", "null")


def wrong_kinds(field: Field, written: Mapping[str, Any], known: Sequence[Data]) -> Iterator[Finding]:
    """What a field of events like these is never asked with success; `written` is the whole pattern."""
    leaves = _leaves(field.path, known)
    if leaves is None or leaves == ALL:
        return
    name = ".".join(field.path)
    if not leaves:
        message = f'"{name}" has fields and no value of its own, so there is nothing to compare'
        yield Finding(
            WRONG_KIND, message, field.at, f"ask for a field of it: {field.path[-1]}: {{name: [...]}}"
        )
        return
    if all(kinds_of(test) & leaves and not isinstance(test, AnythingBut) for test in field.tests):
        return
    for place, test in alternatives(field, written):
        asked = _asked(test)
        if asked & leaves:
            continue
        never = "refuses nothing" if isinstance(test, AnythingBut) else "never matches"
        message = f'"{name}" is {_either(leaves)}, so this {never}'
        yield Finding(WRONG_KIND, message, place, _fix(test, asked, leaves))


def _leaves(path: tuple[str, ...], known: Sequence[Data]) -> Kinds | None:
    """The kinds of what stands at a field; None where that is not sure."""
    found: Kinds = frozenset()
    for data in known:
        here = data.at(path)
        if here is None:
            return None
        found |= here.leaves
    return found if known else None


def _asked(test: Test) -> Kinds:
    """The kinds a test is about; of `anything-but`, those it refuses something of."""
    if isinstance(test, AnythingBut):
        return frozenset(kind for refused in test.refused for kind in kinds_of(refused))
    return kinds_of(test)


def _fix(test: Test, asked: Kinds, leaves: Kinds) -> str:
    values = [each.value for each in _values(test)]
    if isinstance(test, Numeric) and "text" in leaves:
        return 'write "number" in place of "numeric": it reads numbers in text, too'
    if "text" in leaves and values and asked <= {"number", "boolean"}:
        quoted = " and ".join(f'"{shown(value)}"' for value in values[:3])
        return f"write it in quotes: {quoted}"
    if values and isinstance(values[0], str) and _bare(values[0], leaves):
        return f"write it without quotes: {values[0]}"
    if "null" in asked:
        return 'for a field that is not there write {"exists": false}'
    return f"ask for {_either(leaves)}"


def _values(test: Test) -> Sequence[Exact]:
    parts = test.refused if isinstance(test, AnythingBut) else (test,)
    return [each for each in parts if isinstance(each, Exact)]


def _bare(text: str, leaves: Kinds) -> bool:
    """Whether text spells a value of these kinds."""
    spelt = "number" in leaves and read_decimal(text) is not None
    return (
        spelt or ("boolean" in leaves and text in ("true", "false")) or ("null" in leaves and text == "null")
    )


def _either(kinds: Kinds) -> str:
    return " or ".join(_SAID[kind] for kind in _ORDER if kind in kinds)
