"""Where the parts of a document stand, and what is still open while it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from .problem import Place

JSON: TypeAlias = "None | bool | int | float | str | list[JSON] | dict[str, JSON]"


class Spot:
    """Where a value stands (counted from 1), and its parts: by key with the key's position, or by index."""

    __slots__ = ("column", "keys", "line", "parts")

    def __init__(self, line: int, column: int) -> None:
        self.line = line
        self.column = column
        self.keys: dict[str, tuple[int, int]] | None = None
        self.parts: dict[str, Spot] | list[Spot] | None = None


@dataclass(slots=True)
class Anchor:
    """What an alias stands for. `value` is only there when the anchored value is complete."""

    place: Place
    value: JSON = None
    spot: Spot | None = None
    nodes: int = 1
    height: int = 0


@dataclass(slots=True)
class Open:
    """A collection whose end has not come yet. `height` counts the levels in it, aliases written out."""

    value: dict[str, JSON] | list[JSON]
    spot: Spot
    anchor: Anchor | None
    before: int
    height: int = 1
    key: str | None = None
    wants_value: bool = False
    key_place: tuple[int, int] = (0, 0)
    key_end: int = -1  # of the last key, counted in characters of the text
    bare: bool = False  # there was a key without a value

    def before_bare(self) -> tuple[int, int] | None:
        """Where the text stands that a comma has cut, if the last value is one; the value loses it."""
        name = next(reversed(self.spot.keys), None) if self.spot.keys else None
        if name is None or type(self.value) is not dict or type(self.spot.parts) is not dict:
            return None
        if isinstance(self.value[name], dict | list) or self.value[name] is None:
            return None
        self.value[name] = None
        return self.spot.parts[name].line, self.spot.parts[name].column
