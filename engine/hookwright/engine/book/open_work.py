"""One open delivery, as the open set knows it."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import Struct

from ..delivery import State
from ..history.index import OpenRow
from ..journal.segment import Position


class Opening(Struct, gc=False):
    """One open delivery. `due` is Unix milliseconds; `held` is why it waits, when no attempt can be made.

    `ended` says that the last attempt ended it, but the crash of a bookkeeper kept the line that says so.
    `batching` says that it waits to go into a batch: it is never offered by itself. `refused` is why a batch
    is to be split: nor is that offered any more, and no result of it counts. `number` is what the index calls
    it, 0 when that has to be looked up.
    """

    attempts: int
    due: int
    event: Position
    line: Position
    held: str | None = None
    ended: bool = False
    batching: bool = False
    refused: str | None = None
    number: int = 0


@dataclass(frozen=True, slots=True)
class Refused:
    """A batch that is to be split, and why."""

    id: str
    opening: Opening
    reason: str


def stood(row: OpenRow) -> Opening:
    """As the index has it."""
    return Opening(
        row.attempts,
        row.due,
        row.event,
        row.line,
        held=row.reason if row.state == State.HELD else None,
        ended=row.state == State.IN_FLIGHT,
        batching=row.state == State.BATCHING,
        refused=row.reason if row.state == State.SPLITTING else None,
        number=row.number,
    )


def is_offered(opening: Opening) -> bool:
    """Whether it goes out by itself."""
    return not opening.batching and opening.refused is None
