"""The event types a CRM is known to send: a literal table, never made up from a grammar."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any, Literal, cast

from .document import parse
from .nearest import nearest
from .resources import resource


@dataclass(frozen=True, slots=True)
class EventType:
    """One row. `number` is the event's number in the webhook API, where it is documented.

    `status` says whether `type` is printed in the vendor's documentation or modelled on its siblings.
    """

    label: str
    type: str
    family: str
    status: Literal["documented", "modelled"]
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All rows in the order of the file, and the same rows by type and by label."""

    name: str
    types: tuple[EventType, ...]
    by_type: Mapping[str, EventType]
    by_label: Mapping[str, EventType]


def nearest_events(text: str, known: Iterable[str], *, limit: int = 3) -> list[str]:
    """As `nearest`, for event types and labels: marks between words and `_Post_` do not matter either."""
    names: dict[str, str] = {}
    for name in known:
        names.setdefault(_bare(name), name)
    return [names[bare] for bare in nearest(_bare(text), names, limit=limit)]


@lru_cache(maxsize=4096)
def _bare(name: str) -> str:
    """What people remember of a name: no case, no marks between words, no `_Post_`."""
    return re.sub(r"_post(?=_)|[\W_]", "", name.casefold())


@cache
def load_catalogue(name: str = "leadsquared") -> Catalogue:
    """Read once and then shared. Raises FileNotFoundError for a name there is no catalogue of."""
    raw = resource(f"{name}.yaml", folder="catalogues")
    document = parse(raw, name=f"{name}.yaml").document
    assert document is not None  # our own file
    content = cast("dict[str, list[dict[str, Any]]]", document.value)
    types = tuple(EventType(**row) for row in content["events"])
    by_type = MappingProxyType({row.type: row for row in types})
    return Catalogue(name, types, by_type, MappingProxyType({row.label: row for row in types}))
