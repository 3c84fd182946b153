"""Python source that reads an event at exactly the places patterns ask about.

Going through a tree of places for each event would cost more than everything else together, so the tree is
written out as code once: one `if` a place, one look-up a leaf. The code reads what nearly all events are:
objects in objects, plain names, plain leaves. Whatever else it meets it hands to `spread`, the long way to
read, with the place where it was met; where a dotted key reaches a place in a second way, it gives up and
says so.

The same code serves objects as dictionaries and as the structs of `projection`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from .group import Group
from .marks import Cut
from .paths import PathNode
from .predicates import MISSING
from .reading import Leaves
from .sense import Sense
from .spread import Spread

Read: TypeAlias = Callable[[Any, list[Group], Leaves, set[int]], bool]
"""Reads an object into facts, leaves and nested slots; false where it has to be read the long way."""

_WIDE: Final = 64
"""A node with more places below it is asked for what is in the event, not the other way round."""
_DEEPEST: Final = 12
"""Deeper objects have too many ways to be spelt."""
_MOST: Final = 1000
"""It takes 0.2 seconds to compile code for so many places."""


def suits(top: PathNode) -> bool:
    """Whether a tree is one to write code for. If not, events are always read the long way."""
    return not is_wide(top) and _is_shallow(top, _DEEPEST) and sum(1 for _ in _paths(top)) <= _MOST


def _is_shallow(node: PathNode, levels: int) -> bool:
    below = (each for each in node.children.values() if each.children)
    return levels > 0 and all(_is_shallow(each, levels - 1) for each in below)


def is_wide(node: PathNode) -> bool:
    """Whether a node has so many places below that its objects are always read the long way."""
    return len(node.children) > _WIDE


def spellings(node: PathNode) -> frozenset[str]:
    """The dotted keys by which an object at this node may reach places further down."""
    return frozenset(f"{key}.{rest}" for key, below in node.children.items() for rest in _paths(below))


def _paths(node: PathNode) -> Iterator[str]:
    for key, below in node.children.items():
        yield key
        for rest in _paths(below):
            yield f"{key}.{rest}"


def reader(top: PathNode, spread: Spread, structs: Mapping[PathNode, type] | None = None) -> Read:
    """What reads dictionaries, or these `structs`; for a tree it does not suit, it always gives up."""
    if structs == {} or not suits(top):
        return the_long_way
    writer = _Writer(spread, structs)
    writer.read_object(top, 0, 1)
    return writer.compiled()


def the_long_way(value: object, facts: list[Group], leaves: Leaves, nested: set[int]) -> bool:  # noqa: ARG001
    """Reads nothing, so that every event is read by `Spread`."""
    return False


def _shown(cut: Cut) -> str:
    return ":".join("" if end is None else str(end) for end in cut)


class _Writer:
    """Writes the function, and collects the values it names."""

    def __init__(self, spread: Spread, structs: Mapping[PathNode, type] | None) -> None:
        self._senses = spread.senses
        self._structs = structs
        self._lines = ["def read(o0, facts, leaves, nested):"]
        self._names: dict[str, object] = {"MISSING": MISSING, "spread": spread.read}
        self._objects = 0

    def compiled(self) -> Read:
        """The function written so far."""
        self._lines.append("    return True")
        exec(compile("\n".join(self._lines), "<reader>", "exec"), self._names)  # noqa: S102 - our own source
        return self._names["read"]  # type: ignore[return-value]

    def read_object(self, node: PathNode, number: int, depth: int) -> None:
        """Read the object `o{number}`, which is at `node`."""
        if self._structs is None:
            self._dictionary(node, number, depth)
            return
        for position, below in enumerate(node.children.values()):
            self._member(below, f"o{number}.x{position}", depth)

    def _dictionary(self, node: PathNode, number: int, depth: int) -> None:
        dotted = spellings(node)
        if dotted:
            name = self._name("dotted", dotted)
            self._line(depth, f"if not o{number}.keys().isdisjoint({name}): return False")
        for key, below in node.children.items():
            self._line(depth, f"if {key!r} in o{number}:")
            self._member(below, f"o{number}[{key!r}]", depth + 1)

    def _member(self, node: PathNode, value: str, depth: int) -> None:
        if node.children:
            self._inner(node, value, depth)
        else:
            self._line(depth, f"x = {value}")
            self._leaf(node, depth)

    def _inner(self, node: PathNode, value: str, depth: int) -> None:
        self._objects += 1
        number = self._objects
        place = self._name("place", node)
        self._line(depth, f"o{number} = {value}")
        if not is_wide(node):
            kind = "dict" if self._structs is None else self._name("struct", self._structs[node])
            self._line(depth, f"if type(o{number}) is {kind}:")
            self.read_object(node, number, depth + 1)
            self._line(depth, f"elif o{number} is not MISSING:")
        else:
            self._line(depth, f"if o{number} is not MISSING:")
        self._line(depth + 1, f"spread({place}, o{number}, facts, leaves, nested)")

    def _leaf(self, node: PathNode, depth: int) -> None:
        """Take the leaf `x`, or the list `x` of texts: keep it, and find its facts."""
        slot = node.slot
        assert slot is not None
        sense = self._senses[slot]
        spread = f"spread({self._name('place', node)}, x, facts, leaves, nested)"
        self._line(depth, "if type(x) is str:")
        self._line(depth + 1, f"leaves[{slot}] = x")
        self._text_facts(sense, "x", depth + 1)
        if self._structs is not None:
            self._line(depth, "elif x is MISSING: pass")
        self._line(depth, "elif type(x) is list:")
        self._line(depth + 1, "for y in x:")
        self._line(depth + 2, f"if type(y) is not str: {spread}; break")
        self._text_facts(sense, "y", depth + 2)
        self._line(depth + 1, "else:")
        self._line(depth + 2, f"if x: leaves[{slot}] = tuple(x)")
        self._line(depth, "elif type(x) is not dict:")
        self._line(depth + 1, f"leaves[{slot}] = x")
        self._other_facts(sense, depth + 1)

    def _text_facts(self, sense: Sense, text: str, depth: int) -> None:
        if sense.exact:
            self._look_up(sense.exact, text, depth)
        for cut, table in sense.pieces:
            self._look_up(table, f"{text}[{_shown(cut)}]", depth)
        if sense.is_deep:
            recall, learn = self._name("recall", sense.remembered.get), self._name("learn", sense.learn)
            self._line(depth, f"if (found := {recall}({text})) is None: found = {learn}({text})")
            self._line(depth, "facts += found")

    def _look_up(self, table: Mapping[Hashable, Group], key: str, depth: int) -> None:
        find = self._name("find", table.get)
        self._line(depth, f"if (fact := {find}({key})) is not None: facts.append(fact)")

    def _other_facts(self, sense: Sense, depth: int) -> None:
        if not all(isinstance(key, str) for key in sense.exact):
            self._look_up(sense.exact, "(x, bool) if type(x) is bool else x", depth)
        if sense.ranges is not None:
            holding = self._name("holding", sense.ranges.holding)
            self._line(depth, f"if type(x) is int or type(x) is float: facts += {holding}(x)")
        if sense.is_asking:
            self._line(depth, f"facts += {self._name('asked', sense.asked_facts)}(x)")

    def _name(self, stem: str, value: object) -> str:
        name = f"{stem}{len(self._names)}"
        self._names[name] = value
        return name

    def _line(self, depth: int, text: str) -> None:
        self._lines.append("    " * depth + text)
