"""The original of a replay: a delivery as it was opened, with its bytes, read back from the journal."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..delivery import Delivery
from ..journal.opened import read_opened, read_sendable
from ..journal.origin import read_origin
from ..journal.sealing import SealBroken, vault_of
from .detail import Where
from .row import Row


@dataclass(frozen=True, slots=True)
class Original:
    """A delivery, where it stands now, and the number of its message's last round.

    `planned` is the delivery as it was opened and the bytes it sends; None when its lines cannot be read (any
    more). `shown` is what may be read of those bytes, `headers` and `filled` of its headers and slots.
    """

    row: Row
    planned: tuple[Delivery, bytes] | None
    round: int
    shown: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    filled: tuple[tuple[str, str], ...] = ()
    expunged: bool = False


def read_original(folder: Path, row: Row, where: Where, node: str, last: int) -> Original:
    """The delivery as `node` opened it, with what it sends and what of that may be read."""
    try:
        opened = read_opened(folder, where.line)
        if opened is not None:
            sendable = read_sendable(folder, where.line, node)
            return Original(row, sendable, last, opened[1], opened[0].headers, opened[0].filled)
        origin = read_origin(folder, where.event, where.line, row.id)
        if origin is None:
            return Original(row, None, last)
        planned, event = origin.planned, origin.event
        sendable = planned.sendable(event, node, vault_of(folder))
        return Original(row, sendable, last, planned.content(event), planned.headers, planned.filled)
    except (SealBroken, OSError):
        return Original(row, None, last)
