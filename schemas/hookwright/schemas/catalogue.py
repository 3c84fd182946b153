"""The event types a CRM is known to send: a literal table, never made up from a grammar."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any, Literal, cast

from .catalogue_file import CatalogueError, read_catalogue_file
from .nearest import nearest
from .payload import Field, Payload, load_family
from .resources import resource

__all__ = [
    "Catalogue",
    "CatalogueError",
    "CatalogueEvent",
    "Field",
    "Payload",
    "load_catalogue",
    "nearest_events",
]


@dataclass(frozen=True, slots=True)
class CatalogueEvent:
    """One row. `number` is the event's number in the webhook API, where it is documented.

    `status` says whether `type` is printed in the vendor's documentation or modelled on its siblings; how
    its data is known is another question, which `payload` answers.
    """

    label: str
    type: str
    family: str
    status: Literal["documented", "modelled"]
    number: int | None = None
    catalogue: str = "leadsquared"

    @property
    def payload(self) -> Payload:
        """What its data looks like. Raises `CatalogueError` when the family's file was edited wrongly."""
        return load_family(self.catalogue, self.family).payload(self.type)

    @property
    def fields(self) -> tuple[Field, ...]:
        """Those of `payload`."""
        return self.payload.fields

    @property
    def sample(self) -> dict[str, Any]:
        """The data of one such event, the caller's to change. Raises as `payload` does."""
        return self.payload.sample


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All rows in the order of the file, and the same rows by type and by label."""

    name: str
    types: tuple[CatalogueEvent, ...]
    by_type: Mapping[str, CatalogueEvent]
    by_label: Mapping[str, CatalogueEvent]


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
    """Read once and then shared. Raises FileNotFoundError for a name there is no catalogue of.

    The files with fields and samples are read when they are asked for.
    """
    return read_catalogue(resource(f"{name}.yaml", folder="catalogues"), name)


def read_catalogue(raw: bytes, name: str) -> Catalogue:
    """The catalogue whose table of names is `raw`. Raises `CatalogueError`."""
    _, value = read_catalogue_file(raw, name=f"{name}.yaml", kind="names")
    rows = cast("list[dict[str, Any]]", value["events"])
    types = tuple(CatalogueEvent(**row, catalogue=name) for row in rows)
    by_type = MappingProxyType({row.type: row for row in types})
    return Catalogue(name, types, by_type, MappingProxyType({row.label: row for row in types}))
