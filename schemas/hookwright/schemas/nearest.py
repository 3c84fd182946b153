"""The known names nearest to one that is not known."""

from __future__ import annotations

import difflib
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_ALL: Final = 200  # names that are all compared; of more, those around it by their beginnings and their ends
_AROUND: Final = 40  # names before it and as many behind it


@dataclass(frozen=True, slots=True)
class _Names:
    """Names in small letters: as they are written, in order, and in order of the letters from the end."""

    written: Mapping[str, str]
    forwards: Sequence[str]
    backwards: Sequence[str]

    @classmethod
    def of(cls, known: Sequence[str]) -> _Names:
        written: dict[str, str] = {}
        for name in known:
            written.setdefault(name.casefold(), name)
        return cls(written, sorted(written), sorted(name[::-1] for name in written))

    def to_compare(self, text: str) -> Iterable[str]:
        """Comparing is slow: thousands of mistakes among thousands of names would take minutes."""
        if len(self.written) <= _ALL:
            return self.written
        alike = dict.fromkeys(_around(text, self.forwards))
        return alike | dict.fromkeys(name[::-1] for name in _around(text[::-1], self.backwards))


def nearest(text: str, known: Iterable[str], *, limit: int = 3) -> list[str]:
    """At most `limit` of `known`, the most alike first; upper and lower case do not matter."""
    return list(_nearest(text[:255], tuple(known), limit))


@lru_cache(maxsize=1024)  # one mistake is often made many times, and comparing is slow
def _nearest(text: str, known: tuple[str, ...], limit: int) -> tuple[str, ...]:
    names = _names(known)
    found = difflib.get_close_matches(text.casefold(), names.to_compare(text.casefold()), n=limit, cutoff=0.7)
    return tuple(names.written[name] for name in found)


@lru_cache(maxsize=8)
def _names(known: tuple[str, ...]) -> _Names:
    return _Names.of(known)


def _around(text: str, ordered: Sequence[str]) -> Sequence[str]:
    at = bisect_left(ordered, text)
    return ordered[max(at - _AROUND, 0) : at + _AROUND]


def did_you_mean(text: str, known: Iterable[str]) -> str | None:
    """`did you mean "url"?`, or None when nothing is near."""
    return question(text, nearest(text, known, limit=1))


def question(text: str, found: Sequence[str]) -> str | None:
    """Asks for the first of `found`; a letter of `text` that only looks like one of its own is named."""
    if not found:
        return None
    strange = next((letter for letter in text[:255] if not letter.isascii() and letter not in found[0]), None)
    which = f" (not with U+{ord(strange):04X}, {unicodedata.name(strange, 'no letter')})" if strange else ""
    return f'did you mean "{found[0]}"?{which}'
