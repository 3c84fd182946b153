"""Where a delivery comes from: read back from the lines that accepted its event, or carried it forward."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from .acceptance import Accepted, AcceptedMore, JournalledEvent, Planned
from .line import Line, Shape
from .reader import read_at
from .sealing import Secret, Vault
from .segment import Position


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a delivery comes from: its event, the revision it was accepted under, and what was planned."""

    event: JournalledEvent
    revision: str
    planned: Planned

    @property
    def raw(self) -> bytes:
        """The event's data as JSON, byte for byte as it came; `null` when it has none."""
        return self.event.raw or b"null"

    def secret(self, vault: Vault) -> Secret:
        """The same as it came. Raises `SealBroken`, and `OSError` for the key."""
        opened = vault.open(self.event.sealed) if self.event.sealed else Secret(self.event.raw)
        return opened if opened.body else msgspec.structs.replace(opened, body=b"null")


def read_origin(folder: Path, event: Position, line: Position, delivery: str) -> Origin | None:
    """A delivery as it was accepted; None when its lines cannot be read (any more).

    `event` is where its event's line stands, `line` the one that holds the delivery.
    """
    first = _decoded(read_at(folder, event), Accepted)
    part = first if line == event else _decoded(read_at(folder, line), AcceptedMore)
    for planned in part.deliveries if first and part else ():
        if first and planned.id == delivery:
            return Origin(first.event, first.revision, planned)
    return None


def _decoded(line: Line | None, shape: type[Shape]) -> Shape | None:
    try:
        return line.decode(shape) if line else None
    except msgspec.ValidationError:
        return None
