"""A `Happening`: one line of what a simulated timeline led to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from hookwright.rules.event import JSON

Kind = Literal["event", "attempt", "held", "ended", "batch", "notify", "switched", "run", "step"]


class Happening(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What happened `at` (Unix milliseconds) to `subject`: an endpoint, an event type, a run.

    `text` is for people; `delivery` and `fields` are for programs.
    """

    at: int
    kind: Kind
    subject: str
    text: str
    delivery: str = ""
    fields: Mapping[str, JSON] = {}
