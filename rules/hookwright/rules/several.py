"""Several bundles at once: what one says against another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from hookwright.schemas.problem import Place, Problem, Related
from hookwright.schemas.wording import show

from .bundle import Bundle


def shared_ids(bundles: Iterable[Bundle]) -> Iterator[Problem]:
    """An id that subscribers of two bundles have; the first bundle's own problems are told elsewhere.

    A file that belongs to two of the bundles is one file.
    """
    first: dict[str, Place] = {}
    for bundle in bundles:
        own: dict[str, Place] = {}
        for entry in bundle.entries:
            if entry.id is None:
                continue
            place = entry.part.place("id")
            own.setdefault(entry.id, place)
            if entry.id in first and not _same(first[entry.id], place):
                related = (Related(first[entry.id], "first one here"),)
                message = f"duplicate id {show(entry.id)}"
                hint = "ids are unique over all bundles; check bundles that never live together one by one"
                yield entry.part.problem("HW101", message, "id", hint=hint, related=related)
        first = {**own, **first}


def _same(one: Place, other: Place) -> bool:
    """Whether two places are one, however the way to the file is written."""
    at = (one.line, one.column) == (other.line, other.column)
    return at and Path(one.file).resolve() == Path(other.file).resolve()
