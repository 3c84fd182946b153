"""Renames: ids that subscribers had before, which nobody else may have or claim."""

from __future__ import annotations

from collections.abc import Iterator

from hookwright.schemas.problem import Place, Problem, Related

from .bundle import Bundle

_KEY = "renamed_from"


def rename_problems(bundle: Bundle) -> Iterator[Problem]:
    """Old ids that a subscriber still has, and those that two claim."""
    ids: dict[str, Place] = {}
    for entry in bundle.entries:
        if entry.id is not None:
            ids.setdefault(entry.id, entry.part.place("id"))
    claimed: dict[str, Place] = {}
    for entry in bundle.entries:
        old = entry.part.value.get(_KEY)
        if not isinstance(old, str):
            continue
        if old in ids:
            message = f'renamed from "{old}", which is an id still'
            related = (Related(ids[old], "it stands here"),)
            yield entry.part.problem("HW147", message, _KEY, related=related)
        elif old in claimed:
            message = f'two subscribers are renamed from "{old}"'
            related = (Related(claimed[old], "the other one"),)
            yield entry.part.problem("HW147", message, _KEY, related=related)
        claimed.setdefault(old, entry.part.place(_KEY))
