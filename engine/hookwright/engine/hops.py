"""Hops: how often an event has come back to a door, so that a circle of receivers ends by itself.

Every call says in a header how many doors its event has passed. A receiver that posts an event because of a
call hands the header on; the door keeps the number with the event, as an extension attribute.
"""

from __future__ import annotations

from collections.abc import Iterable

HEADER = "hookwright-hops"
ATTRIBUTE = "hookwrighthops"
LIMIT = 8
LOOP = f"loop: the event came back to this door more than {LIMIT} times"
_MOST = 1_000_000


def hops_in(text: str | None) -> int | None:
    """What the header of a request says: 0 without one, None for what is no number of hops."""
    if text is None:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        return None
    return int(text)


def hops_of(extensions: Iterable[tuple[str, bool | int | str]]) -> int:
    """What the attributes of an event say; 0 when they say nothing, or nothing that makes sense."""
    said = dict(extensions).get(ATTRIBUTE, 0)
    if isinstance(said, bool):
        return 0
    if isinstance(said, str):  # in a header of binary mode everything is text
        return hops_in(said) or 0
    return min(max(said, 0), _MOST)
