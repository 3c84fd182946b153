"""What is known of the data of an event type: from the catalogue, or from the schema it is declared with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from hookwright.schemas.catalogue import CatalogueEvent

from ..event import JSON
from ..pattern.operators import Scalar
from .kinds import ALL, Kinds, kind_of

Where: TypeAlias = Literal["object", "list"]

_TEXT: Final[Kinds] = frozenset({"text", "null"})
_SCHEMA_KINDS: Final[Mapping[str, Kinds]] = {
    "string": frozenset({"text"}),
    "number": frozenset({"number"}),
    "integer": frozenset({"number"}),
    "boolean": frozenset({"boolean"}),
    "null": frozenset({"null"}),
}
_ELSEWHERE: Final = frozenset(
    {
        "$dynamicRef",
        "$ref",
        "allOf",
        "anyOf",
        "dependentSchemas",
        "else",
        "if",
        "oneOf",
        "patternProperties",
        "propertyNames",
        "then",
    }
)
_MOST_LEVELS: Final = 32


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """What may stand at one place of the data.

    `kinds` are those of the plain values that may stand there, `nested` says whether objects or lists may.
    `fields` are those an object there is known to have, and `closed` that it has no other; `items` is what
    the elements of a list there are. `values` are all plain values there may be, None where any of the kinds
    is allowed. `by_schema`: events that break this are refused at the door. `open`: other parts of the schema
    may tell of more fields. `sure` is false for what is only modelled on something like it.
    """

    kinds: Kinds = ALL
    nested: frozenset[Where] = frozenset({"object", "list"})
    fields: Mapping[str, Data] = field(default_factory=dict)
    closed: bool = False
    items: Data | None = None
    values: tuple[Scalar, ...] | None = None
    by_schema: bool = False
    open: bool = False
    sure: bool = True

    @property
    def leaves(self) -> Kinds:
        """The kinds of the leaves a condition on this place is asked of; those of lists count."""
        if "list" not in self.nested:
            return self.kinds
        return self.kinds | self.items.leaves if self.items is not None else ALL

    def listed(self) -> tuple[Scalar, ...] | None:
        """All values a condition on this place can be asked of, where there is a list of them."""
        if "list" not in self.nested:
            return self.values
        alone = () if not self.kinds else self.values
        inside = self.items.listed() if self.items is not None else None
        return None if alone is None or inside is None else (*alone, *inside)

    def objects(self) -> Iterator[Data]:
        """Where the fields of objects at this place are known: here, or in the elements of a list."""
        if "object" in self.nested:
            yield self
        if "list" in self.nested:
            yield from self.items.objects() if self.items is not None else (ANYTHING,)

    def below(self, name: str) -> Data | None:
        """What stands in the field of this name; None where there certainly is none."""
        found = [each.fields.get(name, None if each.closed else ANYTHING) for each in self.objects()]
        known = [each for each in found if each is not None]
        if len(known) < 2:
            return known[0] if known else None
        return ANYTHING

    def at(self, path: tuple[str, ...]) -> Data | None:
        """What stands at a field; None where that is not sure, below lists for one."""
        here: Data | None = self
        for step in path:
            here = here.fields.get(step) if here is not None and here.nested == {"object"} else None
        return here

    def is_single(self, path: tuple[str, ...]) -> bool:
        """Whether an event certainly has one plain value at most at `path`.

        An object that may have other fields may spell a field below it twice, as in `a.b` and `a: {b: ...}`.
        """
        here: Data | None = self
        for step in path:
            spelt_once = here is not None and (here.closed or not here.by_schema or len(path) == 1)
            if here is None or here.nested != {"object"} or not spelt_once:
                return False
            here = here.fields.get(step)
        return here is not None and "list" not in here.nested


ANYTHING: Final = Data()


def of_catalogue(event: CatalogueEvent) -> Data:
    """That of a catalogued event type: a change has two sides and nothing else, all others any field more."""
    payload = event.payload
    found = _of_sample(payload.sample)
    closed, sure = payload.shape == "change", payload.status != "modelled"
    return Data(found.kinds, found.nested, found.fields, closed, sure=sure)


def _of_sample(value: object) -> Data:
    if isinstance(value, dict):
        fields = {name: _of_sample(each) for name, each in value.items()}
        return Data(frozenset(), frozenset({"object"}), MappingProxyType(fields))
    if isinstance(value, list):
        return Data(frozenset(), frozenset({"list"}), items=Data(_TEXT, frozenset()))
    return Data(_TEXT, frozenset())


def of_schema(schema: JSON, level: int = 0) -> Data:
    """What a JSON Schema says by itself; what it refers to or combines is left open."""
    if not isinstance(schema, dict) or level > _MOST_LEVELS:
        return ANYTHING
    kinds, nested = _types(schema)
    written = schema.get("properties")
    properties = written if isinstance(written, dict) else {}
    fields = {name: of_schema(each, level + 1) for name, each in properties.items()}
    items = schema.get("items")
    others = schema.get("additionalProperties") is not False or "patternProperties" in schema
    values = _values(schema)
    return Data(
        kinds if values is None else kinds & {kind_of(value) for value in values},
        nested,
        MappingProxyType(fields),
        closed=not others and not any("." in name for name in fields),
        items=of_schema(items, level + 1)
        if isinstance(items, dict) and "prefixItems" not in schema
        else None,
        values=values,
        by_schema=True,
        open=not _ELSEWHERE.isdisjoint(schema),
    )


def _values(schema: Mapping[str, JSON]) -> tuple[Scalar, ...] | None:
    """Those of `enum` or `const`, when objects and lists are not among them."""
    listed = schema.get("enum", [schema["const"]] if "const" in schema else None)
    if not isinstance(listed, list):
        return None
    plain = tuple(each for each in listed if not isinstance(each, dict | list))
    return plain if len(plain) == len(listed) else None


def _types(schema: Mapping[str, JSON]) -> tuple[Kinds, frozenset[Where]]:
    """The kinds `type` names. Without it, the values that are listed say as much."""
    written = schema.get("type")
    types = written if isinstance(written, list) else [written]
    if written is None:
        return ALL, ANYTHING.nested if _values(schema) is None else frozenset()
    kinds = frozenset(kind for each in types for kind in _SCHEMA_KINDS.get(str(each), frozenset()))
    nested = frozenset(where for where, name in _NESTED.items() if name in types)
    return kinds, nested


_NESTED: Final[Mapping[Where, str]] = {"object": "object", "list": "array"}
