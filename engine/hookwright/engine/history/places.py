"""Where the bookkeeper's lines about a delivery stand, as the index keeps it: "segment:offset " a line."""

from __future__ import annotations

from ..journal.segment import Position
from .stats import Query

LINES = "SELECT lines FROM deliveries WHERE id = ?"
_SEGMENTS = "SELECT id, name FROM segments"


def written(segment: int, offset: int) -> str:
    """One place, by the number of its segment."""
    return f"{segment}:{offset} "


def is_in(place: str, lines: str) -> bool:
    return bool(lines) and f" {place}" in f" {lines}"


def read_places(query: Query, lines: str) -> list[Position]:
    """The places in the order in which they were read; those in segments that were dropped are left out."""
    if not lines:
        return []
    names: dict[int, str] = dict(query(_SEGMENTS, []))
    found = sorted(tuple(map(int, place.split(":"))) for place in lines.split())
    return [Position(names[segment], offset) for segment, offset in found if segment in names]
