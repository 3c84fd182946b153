"""Grouping: a body as a line holds it, and deliveries cut into lines that have room for them."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import msgspec

from ..errors import JournalError
from .line import LINE_LIMIT

if TYPE_CHECKING:
    from .acceptance import Planned

ROOM = LINE_LIMIT - 1024  # what is left for an event and its deliveries beside the envelope


def body_text(body: bytes) -> tuple[Literal["text", "base64"], str]:
    """How a body is written, and as what."""
    try:
        return "text", body.decode()
    except UnicodeDecodeError:
        return "base64", base64.b64encode(body).decode()


def grouped(planned: Sequence[Planned], first: int) -> list[list[Planned]]:
    """Cut the deliveries into lines: `first` bytes fit beside the event, `ROOM` into each further line."""
    groups: list[list[Planned]] = [[]]
    room = first
    for each in planned:
        size = len(msgspec.json.encode(each)) + 1
        if size > room:
            groups.append([])
            room = ROOM
        if size > room:
            raise JournalError(
                f"the body for {each.entity_type}/{each.entity_id} is too large for the journal"
            )
        groups[-1].append(each)
        room -= size
    return groups
