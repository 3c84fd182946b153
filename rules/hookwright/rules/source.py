"""The canonical `Source` of a model: what a bundle says, free of files, order, comments and YAML style.

Its revision is a SHA-256 over the content and the preset's name and version, never over places, defaults or
what is installed: so moving text about changes nothing, and neither does an upgrade of Hookwright.

Bundles of other owners may stand beside it (`beside.py` says what they share); then the revision covers all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from hookwright.schemas.problem import Place

from .errors import SourceError
from .event import JSON

_ALONE, _TOGETHER = 1, 2  # formats: older versions refuse what they would only half read


@dataclass(frozen=True, slots=True)
class Source:
    """`content` is a bundle merged into one mapping, its subscribers ordered by id, before any default.

    `places` maps each subscriber's id to where it stands. `encoders` are the claims in force when it was
    loaded. Both travel along, and neither counts for the revision. `beside` are bundles of other owners.
    """

    bundle: str
    preset: str
    preset_version: int
    content: Mapping[str, JSON]
    files: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    places: Mapping[str, Place] = field(default_factory=lambda: MappingProxyType({}), compare=False)
    encoders: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    allow_undeclared_events: bool = False
    beside: tuple[Source, ...] = ()
    revision: str = field(init=False)

    def __post_init__(self) -> None:
        preset = {"name": self.preset, "version": self.preset_version}
        meaning: dict[str, object] = {"content": self.content, "files": dict(self.files), "preset": preset}
        if self.beside:
            meaning["beside"] = [other.revision for other in self.beside]
        object.__setattr__(self, "revision", "sha256:" + hashlib.sha256(_canonical(meaning)).hexdigest())

    def to_json(self) -> bytes:
        """Everything a worker needs to build the same model without the files. Holds no secret."""
        return _canonical(_document(self))


def from_json(text: bytes) -> Source:
    """The source that `to_json` wrote. Raises `SourceError` for anything else."""
    try:
        return _read(json.loads(text))
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise SourceError(f"not a published configuration: {error}") from error


def _document(source: Source) -> dict[str, object]:
    fields: dict[str, object] = {
        "format": _TOGETHER if source.beside else _ALONE,
        "bundle": source.bundle,
        "preset": {"name": source.preset, "version": source.preset_version},
        "content": source.content,
        "files": dict(source.files),
        "places": {key: [at.file, at.line, at.column] for key, at in source.places.items()},
        "encoders": {name: list(types) for name, types in source.encoders.items()},
        "allow_undeclared_events": source.allow_undeclared_events,
    }
    if source.beside:
        fields["beside"] = [_document(other) for other in source.beside]
    return fields


def _read(fields: Mapping[str, Any]) -> Source:
    if fields["format"] not in {_ALONE, _TOGETHER}:
        readable = f"{_ALONE} and {_TOGETHER}"
        raise SourceError(f"a source of format {fields['format']!r}; this version reads {readable}")
    return Source(
        bundle=fields["bundle"],
        preset=fields["preset"]["name"],
        preset_version=fields["preset"]["version"],
        content=fields["content"],
        files=fields["files"],
        places={key: Place(*at) for key, at in fields["places"].items()},
        encoders={name: tuple(types) for name, types in fields["encoders"].items()},
        allow_undeclared_events=fields["allow_undeclared_events"],
        beside=tuple(_read(other) for other in fields.get("beside", ())),
    )


def _canonical(value: object) -> bytes:
    """ASCII only, keys sorted, no space: one text for one value."""
    return json.dumps(value, sort_keys=True, allow_nan=False, separators=(",", ":")).encode("ascii")
