"""`data.Score=71`: one field of an event's data, set from the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from hookwright.engine.strictjson import DEPTH_LIMIT, BadJSON, decode
from hookwright.rules.event import JSON

_PREFIX = "data."
_KINDS = {str: "text", bool: "true or false", int: "a number", float: "a number", type(None): "null"}
_INDEX = re.compile("[0-9]{1,6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Override:
    """A value and the keys that lead to it below `data`; in a list a number leads on, counted from 0."""

    path: tuple[str, ...]
    value: JSON = field(hash=False)

    @classmethod
    def parse(cls, text: str) -> Override:
        """`data.Score=71` sets text, `data.Score:=71` what the JSON says. Raises ValueError."""
        where, equals, value = text.partition("=")
        if not equals or not where.startswith(_PREFIX):
            raise ValueError(f"{text!r} is neither data.FIELD=TEXT nor data.FIELD:=JSON")
        path = tuple(where.removeprefix(_PREFIX).removesuffix(":").split("."))
        if not all(path):
            raise ValueError(f"{text!r} names no field before its sign of equality, or an empty one")
        if len(path) > DEPTH_LIMIT:
            raise ValueError(f"{len(path)} names deep; an event is {DEPTH_LIMIT} deep at most")
        return cls(path, _read(value, as_json=where.endswith(":")))

    @property
    def name(self) -> str:
        return ".".join(self.path)

    def apply(self, data: JSON) -> JSON:
        """New data with the value in its place; objects that lack on the way are made.

        Raises ValueError where something else than an object or a long enough list is in the way.
        """
        return _put(data, self.path, self.value, "data")

    def is_new(self, data: JSON) -> bool:
        """Whether `data` has no such field yet."""
        return _missing(data, self.path)


def names(data: JSON, before: str = "") -> Iterator[str]:
    """The dotted name of every field."""
    if isinstance(data, dict):
        for name, value in data.items():
            yield before + name
            yield from names(value, f"{before}{name}.")


def _read(text: str, *, as_json: bool) -> JSON:
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        raise ValueError("the value is not UTF-8 text") from None
    if not as_json:
        return text
    try:
        return decode(raw)
    except BadJSON as problem:
        raise ValueError(f"{text!r} is not JSON: {problem.message} (without the colon it is text)") from None


def _put(value: JSON, path: tuple[str, ...], new: JSON, where: str) -> JSON:
    if not path:
        return new
    step, rest = path[0], path[1:]
    if isinstance(value, dict):
        return {**value, step: _put(value.get(step, {}), rest, new, f"{where}.{step}")}
    if not isinstance(value, list):
        raise ValueError(f"{where} is {_KINDS[type(value)]} and has no {step} in it")
    if not _has(value, step):
        raise ValueError(f"{where} is a list of {len(value)}, counted from 0, and has no {step}")
    at = int(step)
    return [*value[:at], _put(value[at], rest, new, f"{where}.{step}"), *value[at + 1 :]]


def _missing(value: JSON, path: tuple[str, ...]) -> bool:
    if not path:
        return False
    step, rest = path[0], path[1:]
    if isinstance(value, dict) and step in value:
        return _missing(value[step], rest)
    return not (isinstance(value, list) and _has(value, step)) or _missing(value[int(step)], rest)


def _has(value: list[JSON], step: str) -> bool:
    return _INDEX.fullmatch(step) is not None and int(step) < len(value)
