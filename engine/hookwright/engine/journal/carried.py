"""How a delivery stood when it was carried forward: written anew, since the segment it stood in was to go."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import Struct

from ..instant import milliseconds
from .outcome import Attempt
from .segment import Position

CARRIED = (
    "carried"  # the kind of a line that carries an event; those that open one otherwise: `carried_batch`
)
CARRIED_ATTEMPT = "carried_attempt"


class Carried(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that lines before said of an open delivery. `accepted` is when it was opened first, `updated` when
    it changed last, `next` when it is tried next, if that is known. `batch` is the one it went into.

    Of a notice, `told` is the place of its first line: it tells what stands before that.
    """

    accepted: str
    updated: str
    state: str
    attempts: int = 0
    next: str | None = None
    error: str | None = None
    reason: str = ""
    code: int | None = None
    batch: str = ""
    told: tuple[str, int] | None = None


class CarriedAttempt(Attempt, frozen=True, kw_only=True):
    """The last attempt of a delivery that was carried forward, kept to be looked at. `booked` is when its
    first line was written.
    """

    booked: str


@dataclass(frozen=True, slots=True)
class Kept:
    """The last attempt of a delivery that was carried forward: what an earlier line says, too."""

    position: Position
    attempt: CarriedAttempt


def since(carried: Carried | None, written: int) -> int:
    """When a delivery was opened first (Unix milliseconds), of which a line was `written` that opens it."""
    return milliseconds(carried.accepted) if carried else written
