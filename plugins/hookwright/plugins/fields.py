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

Fields: TypeAlias = Iterator[tuple[str, str]]


def urlencoded(value: JSON) -> str:
    """`After%5BStatus%5D=Won&Tag=a&Tag=b`: ASCII, as forms and queries carry it.

    Raises `EncodeError` for a single text, number, true or false, and for what is no JSON value.
    """
    try:
        return urlencode(list(fields(value)))
    except UnicodeEncodeError:
        raise EncodeError("a text in it has half a character (a lone surrogate)") from None
    except RecursionError:
        raise EncodeError("it is nested too deeply") from None


def fields(value: JSON) -> Fields:
    """(name, text) of every field, in the order of the value. Null, `{}` and `[]` at the top have none.

    Raises `EncodeError` as `urlencoded` does.
    """
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _below(_name(name), each)
    elif isinstance(value, list):
        yield from _numbered("", value)
    elif value is not None:
        raise EncodeError(f"a form has fields with names; {json.dumps(value, default=repr)[:40]} has none")


def _below(name: str, value: JSON) -> Fields:
    if isinstance(value, dict):
        for inner, each in value.items():
            yield from _below(f"{name}[{_name(inner)}]", each)
    elif isinstance(value, list) and any(isinstance(each, dict | list) for each in value):
        yield from _numbered(name, value)
    elif isinstance(value, list):
        for each in value:
            yield name, _text(each)
    else:
        yield name, _text(value)


def _numbered(name: str, value: list[JSON]) -> Fields:
    """A list whose items have fields of their own: which field belongs to which item must be seen."""
    for index, each in enumerate(value):
        yield from _below(f"{name}[{index}]", each)


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
