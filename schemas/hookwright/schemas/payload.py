"""What the data of an event looks like: its fields and a sample, from the file of its family."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, TypeAlias, cast

from .builder import JSON
from .catalogue_file import CatalogueError, read_catalogue_file
from .document import Document
from .nearest import did_you_mean
from .problem import Place
from .resources import resource

Shape: TypeAlias = Literal["object", "change", "list"]
Known: TypeAlias = Literal["documented", "observed", "modelled"]
Record: TypeAlias = dict[str, JSON]

_SIDES = ("before", "after")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the data. `name` leads to it with dots (`Data.Note`); in a change, within each side."""

    name: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Payload:
    """The data of one event type.

    `status` says how its shape is known: printed by the vendor (documented), reported by those who get it
    (observed), or modelled on its siblings; `source` says it in a sentence. `shape` is how a call carries it:
    as an object, as an object of `Before` and `After` (change), or in a list of such objects.
    """

    status: Known
    source: str
    shape: Shape
    fields: tuple[Field, ...]
    text: str

    @property
    def sample(self) -> dict[str, Any]:
        """The data of one event, ours to change: every value is text, None, an object or a list."""
        found: dict[str, Any] = json.loads(self.text)
        return found

    @property
    def body(self) -> dict[str, Any] | list[dict[str, Any]]:
        """What a call that carries this one event has as its body."""
        return [self.sample] if self.shape == "list" else self.sample


@dataclass(frozen=True, slots=True)
class Family:
    """Events whose data has the same shape. `own` is what single types have for themselves."""

    name: str
    description: str
    shape: Shape
    status: Known
    source: str
    fields: Mapping[str, str] = field(hash=False)
    samples: Mapping[str, Record] = field(hash=False)
    own: Mapping[str, Record] = field(hash=False)

    def payload(self, event_type: str) -> Payload:
        """That of an event type of this family."""
        own = self.own.get(event_type, {})
        parts = {key: self._record(key, own) for key in self.samples}
        named = {path for record in parts.values() for path in paths(record)}
        sample = (
            {key.capitalize(): parts[key] for key in _SIDES} if self.shape == "change" else parts["sample"]
        )
        return Payload(
            status=cast("Known", own.get("payload", self.status)),
            source=str(own.get("source", self.source)),
            shape=self.shape,
            fields=tuple(Field(name, meaning) for name, meaning in self.fields.items() if name in named),
            text=json.dumps(sample, ensure_ascii=False, separators=(",", ":")),
        )

    def _record(self, key: str, own: Record) -> Record:
        """One side or the whole, with its fields in the order of the family's."""
        found = merged(self.samples[key], _record(own.get(key)))
        without = own.get("without", [])
        assert isinstance(without, list)  # so the schema says
        return {name: found[name] for name in self.fields if name in found and name not in without}


@cache
def load_family(catalogue: str, name: str) -> Family:
    """Read once and then shared. Raises `CatalogueError`, when there is no such file, too."""
    return read_family(_file(catalogue, name), catalogue, name)


def read_family(raw: bytes, catalogue: str, name: str) -> Family:
    """The family that `raw` describes. A `record` is another family, whose fields and sample it starts from.

    Raises `CatalogueError`, for a sample with a field that the list of fields lacks, too.
    """
    document, value = read_catalogue_file(raw, name=f"{catalogue}/{name}.yaml", kind="family")
    base = _base(document, catalogue, str(value["record"])) if "record" in value else None
    start = base.samples["sample"] if base else {}
    keys = _SIDES if value["shape"] == "change" else ("sample",)
    family = Family(
        name=name,
        description=str(value["description"]),
        shape=cast("Shape", value["shape"]),
        status=cast("Known", value["payload"]),
        source=str(value["source"]),
        fields={**(base.fields if base else {}), **cast("dict[str, str]", value["fields"])},
        samples={key: merged(start, _record(value.get(key))) for key in keys},
        own=cast("dict[str, Record]", value.get("events", {})),
    )
    _check_samples(document, family, keys)
    return family


def _base(document: Document, catalogue: str, name: str) -> Family:
    """The family whose record another one starts from: one level, so that none can go round in a circle."""
    _, value = read_catalogue_file(_file(catalogue, name), name=f"{catalogue}/{name}.yaml", kind="family")
    if "record" in value or value["shape"] == "change":
        raise CatalogueError(document.place(["record"]), f"record: {name} has no record of its own")
    return load_family(catalogue, name)


def _file(catalogue: str, name: str) -> bytes:
    try:
        return resource(f"{name}.yaml", folder=f"catalogues/{catalogue}")
    except FileNotFoundError:
        place = Place(f"{catalogue}/{name}.yaml")
        raise CatalogueError(place, f"there is no file for the family {name}") from None


def merged(below: Mapping[str, JSON], above: Mapping[str, JSON]) -> Record:
    """`above` over `below`, objects field by field."""
    found = dict(below)
    for name, value in above.items():
        before = found.get(name)
        both = isinstance(value, dict) and isinstance(before, dict)
        found[name] = merged(cast("Record", before), cast("Record", value)) if both else value
    return found


def paths(record: Mapping[str, JSON]) -> Iterator[str]:
    """The name of every field, with dots for those inside another."""
    for name, value in record.items():
        yield name
        if isinstance(value, dict):
            yield from (f"{name}.{inner}" for inner in paths(value))


def _check_samples(document: Document, family: Family, keys: Sequence[str]) -> None:
    """`keys` are those of samples that its shape has; the fields of each must be in the list of fields."""
    written: list[tuple[tuple[str, ...], Record]] = [((), _record(document.value))]
    written += [(("events", kind), own) for kind, own in family.own.items()]
    for where, part in written:
        for key in ("sample", *_SIDES):
            if key in part and key not in keys:
                place = document.place([*where, key], key=True)
                raise CatalogueError(place, f"{key}: not in a family of the shape {family.shape}")
            for path in paths(_record(part.get(key))):
                if path not in family.fields:
                    _refuse(document, family, (*where, key), path)
    for key in keys:
        if not family.samples[key]:
            raise CatalogueError(document.place(()), f"{key}: missing, or empty")


def _refuse(document: Document, family: Family, where: Sequence[str], path: str) -> None:
    hint = did_you_mean(path, family.fields)
    place = document.place([*where, *path.split(".")], key=True)
    raise CatalogueError(place, f"{path}: not among the fields{f' ({hint})' if hint else ''}")


def _record(value: JSON) -> Record:
    return value if isinstance(value, dict) else {}
