"""The known names nearest to one that is not known."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache


def nearest(text: str, known: Iterable[str], *, limit: int = 3) -> list[str]:
    """At most `limit` of `known`, the most alike first; upper and lower case do not matter."""
    return list(_nearest(text[:255], tuple(known), limit))


@lru_cache(maxsize=1024)  # one mistake is often made many times, and comparing is slow
def _nearest(text: str, known: tuple[str, ...], limit: int) -> tuple[str, ...]:
    folded: dict[str, str] = {}
    for name in known:
        folded.setdefault(name.casefold(), name)
    found = difflib.get_close_matches(text.casefold(), folded, n=limit, cutoff=0.7)
    return tuple(folded[name] for name in found)


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
