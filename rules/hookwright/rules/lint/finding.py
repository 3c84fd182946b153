"""A `Finding`: what is suspicious about a pattern, told by the keys that lead there."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import Steps

TOO_MUCH, NEVER, NEEDLESS, WRONG_KIND, UNKNOWN_FIELD = "HW114", "HW150", "HW151", "HW152", "HW153"
UNKNOWN_VALUE = "HW157"


@dataclass(frozen=True, slots=True)
class Finding:
    """`at` leads to the place inside the pattern, as written, to its key when `key`; `hint` is the fix.

    `other` leads to what it goes with, if anything, and `role` says in a few words what that is.
    """

    code: str
    message: str
    at: Steps
    hint: str
    key: bool = False
    other: Steps | None = None
    role: str = ""
