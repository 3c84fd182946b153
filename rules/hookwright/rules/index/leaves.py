"""Read an event once: the leaves (strings, numbers, booleans, nulls) at the places patterns ask about."""

from __future__ import annotations

from ..event import JSON
from ..pattern.operators import Scalar
from .paths import PathNode


class Leaves:
    """The leaves of one event by place.

    `nested` holds the places with a leaf below an object or list that is itself an element of a list: only
    there does it matter which element a condition picks. An element that is a plain value is free for all.
    """

    __slots__ = ("found", "nested", "root", "top")

    def __init__(self, root: JSON, top: PathNode) -> None:
        self.root = root
        self.top = top
        self.found: dict[PathNode, list[Scalar]] = {}
        self.nested: set[PathNode] = set()
        self._read()

    def _read(self) -> None:
        work: list[tuple[JSON, PathNode, bool]] = [(self.root, self.top, False)]
        while work:
            value, node, nested = work.pop()
            if isinstance(value, dict):
                for under, target in node.entered_by(value):
                    if isinstance(under, dict | list):
                        work.append((under, target, nested))
                    else:
                        self._note(under, target, nested)
            elif isinstance(value, list):
                for element in value:
                    if isinstance(element, dict | list):
                        work.append((element, node, True))
                    else:
                        self._note(element, node, nested)
            else:
                self._note(value, node, nested)

    def _note(self, value: Scalar, node: PathNode, nested: bool) -> None:
        values = self.found.get(node)
        if values is None:
            self.found[node] = [value]
        else:
            values.append(value)
        if nested:
            self.nested.add(node)
