"""The fields of a form: how nested JSON becomes a flat list of names and texts. Exact rules in the docs."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlencode

from .errors import EncodeError

if TYPE_CHECKING:
    from hookwright.rules.event import JSON

ROOM = 1 << 20
"""Characters of names and texts that fields may have together, unless told otherwise.

In a form the names of all objects around a value are repeated, so that a little data can become gigabytes.
"""

Fields: TypeAlias = Iterator[tuple[str, str]]


def urlencoded(value: JSON, room: int = ROOM) -> str:
    """`After%5BStatus%5D=Won&Tag=a&Tag=b`: ASCII, as forms and queries carry it.

    Raises `EncodeError` for a single text, number, true or false, for what is no JSON value, and for fields
    of more than `room` characters.
    """
    try:
        return urlencode(list(fields(value, room)))
    except UnicodeEncodeError:
        raise EncodeError("a text in it has half a character (a lone surrogate)") from None
    except RecursionError:
        raise EncodeError("it is nested too deeply") from None


def fields(value: JSON, room: int = ROOM) -> Fields:
    """(name, text) of every field, in the order of the value. Null, `{}` and `[]` at the top have none.

    Raises `EncodeError` as `urlencoded` does.
    """
    flat = _Flat(room)
    if isinstance(value, dict):
        for name, each in value.items():
            yield from flat.below(_name(name), each)
    elif isinstance(value, list):
        yield from flat.numbered("", value)
    elif value is not None:
        raise EncodeError(f"a form has fields with names; {json.dumps(value, default=repr)[:40]} has none")


class _Flat:
    """Flattens one value, within its room."""

    __slots__ = ("_left",)

    def __init__(self, room: int) -> None:
        self._left = room

    def below(self, name: str, value: JSON) -> Fields:
        if isinstance(value, dict | list):
            self._spend(len(name))
        if isinstance(value, dict):
            for inner, each in value.items():
                yield from self.below(f"{name}[{_name(inner)}]", each)
        elif isinstance(value, list) and any(isinstance(each, dict | list) for each in value):
            yield from self.numbered(name, value)
        elif isinstance(value, list):
            for each in value:
                yield self._field(name, each)
        else:
            yield self._field(name, value)

    def numbered(self, name: str, value: list[JSON]) -> Fields:
        """A list whose items have fields of their own: which field belongs to which item must be seen."""
        for index, each in enumerate(value):
            yield from self.below(f"{name}[{index}]", each)

    def _field(self, name: str, value: JSON) -> tuple[str, str]:
        text = _text(value)
        self._spend(len(name) + len(text))
        return name, text

    def _spend(self, characters: int) -> None:
        self._left -= characters
        if self._left < 0:
            raise EncodeError("its fields would be many times as long as the data, with all their names")


def _text(value: JSON) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return json.dumps(value)
    raise EncodeError(f"not a JSON value: {type(value).__name__}")


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise EncodeError(f"a field's name must be text, not {type(name).__name__}")
    return name
