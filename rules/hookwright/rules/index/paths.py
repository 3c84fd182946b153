"""The fields all patterns mention, as one tree of path segments.

A dotted key and the objects it abbreviates are the same way down this tree, in patterns and in events alike:
`{"a.b": 1}` and `{a: {b: 1}}` both end at the node of `a`, `b`. Whatever no pattern mentions is not in the
tree, so reading an event never goes into it.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..event import JSON


class PathNode:
    """A place in events that patterns ask about, or that lies on the way to one.

    `slot` numbers the places with conditions of their own; it is None where a node is only on the way.
    """

    __slots__ = ("children", "parent", "slot")

    def __init__(self, parent: PathNode | None = None) -> None:
        self.children: dict[str, PathNode] = {}
        self.parent = parent
        self.slot: int | None = None

    def add(self, path: tuple[str, ...]) -> PathNode:
        """The node `path` leads to from here, made if it is not there yet."""
        node = self
        for segment in path:
            if segment not in node.children:
                node.children[segment] = PathNode(node)
            node = node.children[segment]
        return node

    def step(self, key: str) -> PathNode | None:
        """The node one key of an event leads to from here, its dots taken apart, or None."""
        found = self.children.get(key)
        if found is not None or "." not in key:
            return found
        node: PathNode | None = self
        for segment in key.split("."):
            node = node.children.get(segment) if node else None
        return node

    def entered_by(self, value: dict[str, JSON]) -> list[tuple[JSON, PathNode]]:
        """What stands in an object of an event at the places below this one.

        Without dots in its names the object is asked for the names patterns have, or the other way round:
        whichever are fewer.
        """
        children = self.children
        if "." in "".join(value):
            return [(under, target) for key, under in value.items() if (target := self.step(key)) is not None]
        if len(value) < len(children):
            return [(under, children[key]) for key, under in value.items() if key in children]
        return [(value[key], target) for key, target in children.items() if key in value]

    def upward(self) -> Iterator[PathNode]:
        """This node and all above it."""
        node: PathNode | None = self
        while node is not None:
            yield node
            node = node.parent
