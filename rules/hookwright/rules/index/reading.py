"""What was read of one event: its leaves by place, and what a pattern may still want to know about them."""

from __future__ import annotations

import json
from collections.abc import Hashable, Set
from typing import TypeAlias

from ..event import JSON
from ..pattern.operators import Scalar
from .paths import PathNode
from .predicates import MISSING

Leaves: TypeAlias = "list[object]"
"""By slot: a leaf, a tuple of several leaves, or `MISSING`. No leaf is itself a tuple."""


Source: TypeAlias = tuple[PathNode, "JSON | bytes"]
"""The tree of places, and the event they were read of: its data, or the JSON text of that."""


class Reading:
    """The leaves of one event.

    `nested` holds the slots with a leaf below an object or list that is itself an element of a list: only
    there does it matter which element a condition picks. An element that is a plain value is free for all.
    `decided` keeps what each rule whose elements had to be chosen answered: a rule in a `$not` is asked twice
    by the rule around it, which would double with every `$not` around that.
    """

    __slots__ = ("_event", "decided", "leaves", "nested", "top")

    def __init__(self, leaves: Leaves, nested: Set[int], source: Source) -> None:
        self.leaves = leaves
        self.nested = nested
        self.decided: dict[Hashable, bool] = {}
        self.top, self._event = source

    @property
    def root(self) -> JSON:
        """The data of the event, which is asked for only where elements have to be chosen."""
        if isinstance(self._event, bytes):
            self._event = loaded(self._event)
        return self._event

    def at(self, slot: int) -> tuple[Scalar, ...]:
        """All leaves of a place; none where the field is missing."""
        found = self.leaves[slot]
        if found is MISSING:
            return ()
        return found if isinstance(found, tuple) else (found,)


def loaded(text: bytes) -> JSON:
    """The value of a JSON text. Raises `ValueError` for what is none, and for what is too deep to be read."""
    try:
        value: JSON = json.loads(text)
    except RecursionError:
        raise ValueError("the JSON is nested too deep to be read") from None
    return value
