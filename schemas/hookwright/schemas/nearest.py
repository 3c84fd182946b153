"""The known names nearest to one that is not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(text: str, known: Iterable[str], *, limit: int = 3) -> list[str]:
    """At most `limit` of `known`, the most alike first; upper and lower case do not matter."""
    folded: dict[str, str] = {}
    for name in known:
        folded.setdefault(name.casefold(), name)
    found = difflib.get_close_matches(text[:255].casefold(), folded, n=limit, cutoff=0.7)
    return [folded[name] for name in found]


def did_you_mean(text: str, known: Iterable[str]) -> str | None:
    """`did you mean "url"?`, or None when nothing is near."""
    found = nearest(text, known, limit=1)
    return f'did you mean "{found[0]}"?' if found else None
