"""The original of a replay: a delivery as it was opened, with its bytes, read back from the journal."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..delivery import Delivery
from ..journal.acceptance import read_origin
from ..journal.opened import read_opened
from .detail import Where
from .row import Row


@dataclass(frozen=True, slots=True)
class Original:
    """A delivery, where it stands now, and the number of its message's last round.

    `planned` is the delivery as it was opened and the bytes it sends; None when its lines cannot be read (any
    more).
    """

    row: Row
    planned: tuple[Delivery, bytes] | None
    round: int


def read_planned(folder: Path, delivery: str, where: Where, node: str) -> tuple[Delivery, bytes] | None:
    """The delivery as `node` opened it, and what it sends; None when its lines cannot be read (any more)."""
    opened = read_opened(folder, where.line)
    if opened is not None:
        return opened[0].delivery(node, opened[1]), opened[1]
    origin = read_origin(folder, where.event, where.line, delivery)
    if origin is None:
        return None
    return origin.planned.delivery(origin.event, node), origin.planned.content(origin.event)
