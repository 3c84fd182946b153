"""What was read of one event: its leaves by place, and what a pattern may still want to know about them."""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import TypeAlias

from ..event import JSON
from ..pattern.operators import Scalar
from .paths import PathNode
from .predicates import MISSING

Leaves: TypeAlias = "list[object]"
"""By slot: a leaf, a tuple of several leaves, or `MISSING`. No leaf is itself a tuple."""


class Reading:
    """The leaves of one event.

    `nested` holds the slots with a leaf below an object or list that is itself an element of a list: only
    there does it matter which element a condition picks. An element that is a plain value is free for all.
    `whole` gives the event as JSON; it is called only where that matters.
    """

    __slots__ = ("_whole", "leaves", "nested", "top")

    def __init__(self, leaves: Leaves, nested: Set[int], top: PathNode, whole: Callable[[], JSON]) -> None:
        self.leaves = leaves
        self.nested = nested
        self.top = top
        self._whole = whole

    @property
    def root(self) -> JSON:
        """The event itself."""
        return self._whole()

    def at(self, slot: int) -> tuple[Scalar, ...]:
        """All leaves of a place; none where the field is missing."""
        found = self.leaves[slot]
        if found is MISSING:
            return ()
        return found if isinstance(found, tuple) else (found,)
