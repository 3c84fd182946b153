"""The canonical `Source` of a model: what a bundle says, free of files, order, comments and YAML style.

Its revision is a SHA-256 over the content and the preset's name and version, never over places, defaults or
what is installed: so moving text about changes nothing, and neither does an upgrade of Hookwright.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from hookwright.schemas.problem import Place

from .errors import SourceError
from .event import JSON

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Source:
    """`content` is a bundle merged into one mapping, its subscribers ordered by id, before any default.

    `places` maps each subscriber's id to where it stands. `encoders` are the claims in force when it was
    loaded. Both travel along, and neither counts for the revision.
    """

    bundle: str
    preset: str
    preset_version: int
    content: Mapping[str, JSON]
    files: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    places: Mapping[str, Place] = field(default_factory=lambda: MappingProxyType({}), compare=False)
    encoders: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    allow_undeclared_events: bool = False
    revision: str = field(init=False)

    def __post_init__(self) -> None:
        meaning = {"content": self.content, "files": dict(self.files), "preset": self._preset()}
        object.__setattr__(self, "revision", "sha256:" + hashlib.sha256(_canonical(meaning)).hexdigest())

    def to_json(self) -> bytes:
        """Everything a worker needs to build the same model without the files. Holds no secret."""
        return _canonical(
            {
                "format": _FORMAT,
                "bundle": self.bundle,
                "preset": self._preset(),
                "content": self.content,
                "files": dict(self.files),
                "places": {key: [at.file, at.line, at.column] for key, at in self.places.items()},
                "encoders": {name: list(types) for name, types in self.encoders.items()},
                "allow_undeclared_events": self.allow_undeclared_events,
            }
        )

    def _preset(self) -> dict[str, JSON]:
        return {"name": self.preset, "version": self.preset_version}


def from_json(text: bytes) -> Source:
    """The source that `to_json` wrote. Raises `SourceError` for anything else."""
    try:
        fields = json.loads(text)
        if fields["format"] != _FORMAT:
            raise SourceError(f"a source of format {fields['format']!r}; this version reads {_FORMAT}")
        return Source(
            bundle=fields["bundle"],
            preset=fields["preset"]["name"],
            preset_version=fields["preset"]["version"],
            content=fields["content"],
            files=fields["files"],
            places={key: Place(*at) for key, at in fields["places"].items()},
            encoders={name: tuple(types) for name, types in fields["encoders"].items()},
            allow_undeclared_events=fields["allow_undeclared_events"],
        )
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise SourceError(f"not a published configuration: {error}") from error


def _canonical(value: object) -> bytes:
    """ASCII only, keys sorted, no space: one text for one value."""
    return json.dumps(value, sort_keys=True, allow_nan=False, separators=(",", ":")).encode("ascii")
