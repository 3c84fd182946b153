"""Renames: ids that subscribers had before, which nobody else may have or claim."""

from __future__ import annotations

from collections.abc import Iterator

from hookwright.schemas.problem import Place, Problem, Related

from .bundle import Bundle

_KEY = "renamed_from"


def rename_problems(bundle: Bundle) -> Iterator[Problem]:
    """Old ids that a subscriber still has, and those that two claim."""
    claims = [
        (entry.part, old) for entry in bundle.entries if isinstance(old := entry.part.value.get(_KEY), str)
    ]
    ids = {entry.id: entry.part for entry in reversed(bundle.entries)} if claims else {}
    claimed: dict[str, Place] = {}
    for part, old in claims:
        if old in ids:
            message = f'renamed from "{old}", which is an id still'
            related = (Related(ids[old].place("id"), "it stands here"),)
            yield part.problem("HW147", message, _KEY, related=related)
        elif old in claimed:
            message = f'two subscribers are renamed from "{old}"'
            related = (Related(claimed[old], "the other one"),)
            yield part.problem("HW147", message, _KEY, related=related)
        claimed.setdefault(old, part.place(_KEY))
