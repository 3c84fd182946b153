"""Filling in: what the templates of a call make of its event, once and for all. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias
from urllib.parse import unquote, urlsplit

from hookwright.plugins.headers import check_header
from hookwright.rules.address import url_fault
from hookwright.rules.errors import ExpressionError
from hookwright.rules.event import JSON
from hookwright.rules.expression import fill, fill_json, fill_text
from hookwright.rules.expression.slots import slots, slots_in, written
from hookwright.rules.model import Target
from hookwright.rules.telling import BodyTemplate

from ..strictjson import decode
from .location import percent_encoded
from .mask import REDACTED
from .query import URL_LIMIT

Scope: TypeAlias = Mapping[str, JSON]
Filled: TypeAlias = tuple[tuple[str, str], ...]

TEXT: Final = "text"  # the encoder that sends a text as it is
LONGEST_HEADER: Final = 8192  # characters, as of one that is written out
_DOTS: Final = frozenset({".", ".."})


class CannotFill(Exception):
    """A template makes nothing that can be sent. `reason` is for people and may quote what the event says."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def scope_of(attributes: Mapping[str, JSON], data: JSON) -> Scope:
    """What the templates of a call for one event see."""
    return {"event": dict(attributes), "data": data}


def scope_of_batch(events: Sequence[tuple[Mapping[str, JSON], JSON]]) -> Scope:
    """What they see where events are collected: each as an object with its attributes and its `data`.

    `data` is the list of their data, `event` the first of them.
    """
    listed: list[JSON] = [{**attributes, "data": data} for attributes, data in events]
    return {"event": dict(events[0][0]), "data": [data for _, data in events], "events": listed}


def filled_slots(target: Target, scope: Scope) -> Filled:
    """What stands in the slots of a target's URL, query and headers.

    Raises `CannotFill` and `InvalidHeader`.
    """
    values = {slot: _slot(slot, scope) for slot in target.slots}
    _check_url(target.url, values)
    for name, value in target.headers:
        if isinstance(value, str) and slots(value):
            made = written(value, values)
            check_header(name, made)
            if len(made) > LONGEST_HEADER:
                raise CannotFill(
                    f"{name}: its value has {len(made):,} characters, not {LONGEST_HEADER:,} or less"
                )
    return tuple(values.items())


def filled_body(body: BodyTemplate, encoder: str, scope: Scope) -> JSON:
    """What is sent in place of the event's data, before it is encoded. Raises `CannotFill`."""
    try:
        if not body.whole:
            return fill(body.tree, scope)
        text = str(body.tree)
        if encoder == TEXT:
            return fill_text(text, scope)
        return decode(fill_json(text, scope).encode())
    except ExpressionError as error:
        raise CannotFill(f"body: {error}") from None
    except ValueError as error:
        raise CannotFill(f"body: the template made no JSON: {error}") from None


def shown_slots(target: Target, shown: Scope) -> Filled:
    """What may be read of the slots: what they would hold if the event were what may be read of it."""
    return tuple((slot, _shown(slot, shown)) for slot in target.slots)


def _shown(slot: str, shown: Scope) -> str:
    try:
        return fill_text(slot, shown)
    except ExpressionError:
        return REDACTED


def revealing(templates: Iterable[str], scope: Scope, shown: Scope) -> Iterator[str]:
    """Texts that templates make of what is hidden: those that come out otherwise in `shown`, where it is not.

    What is told of a call is made of `shown` alone; these are what an answer may repeat.
    """
    for slot in dict.fromkeys(templates):
        try:
            value = fill(slot, scope)
        except ExpressionError:
            continue
        try:
            seen = fill(slot, shown)
        except ExpressionError:
            seen = None
        yield from differing(value, seen)


def raw(value: JSON) -> bytes:
    """A value as the JSON that is sent for it."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode(errors="backslashreplace")


def _slot(slot: str, scope: Scope) -> str:
    try:
        return fill_text(slot, scope)
    except ExpressionError as error:
        raise CannotFill(f"{slot}: {error}") from None


def _check_url(url: str, values: Mapping[str, str]) -> None:
    """A value stays within the part of the path where it stands, and leaves none empty."""
    if not slots(url):
        return
    whole = written(url, values, percent_encoded)
    if len(whole) > URL_LIMIT:
        raise CannotFill(f"url: it has {len(whole):,} characters; at most {URL_LIMIT:,} are sent")
    fault = url_fault(whole)
    if fault:
        raise CannotFill(f"url: {fault[0]}")
    plain = written(url, dict.fromkeys(values, "x"))
    for made, meant in zip(urlsplit(whole).path.split("/"), urlsplit(plain).path.split("/"), strict=True):
        if made != meant and (not made or unquote(made) in _DOTS):
            what = f'"{unquote(made)}"' if made else "empty"
            raise CannotFill(f"url: a part of its path would be {what}")


def templates_of(target: Target) -> Iterator[str]:
    """All that is filled in for a call."""
    yield from target.slots
    if target.body is not None:
        yield from slots_in(target.body.tree)


def differing(value: JSON, seen: JSON) -> Iterator[str]:
    """The texts and numbers of a value where it is not what is seen."""
    if value == seen and type(value) is type(seen):
        return
    if isinstance(value, dict):
        others = seen if isinstance(seen, dict) else {}
        for key, each in value.items():
            yield from differing(each, others.get(key))
    elif isinstance(value, list):
        same = seen if isinstance(seen, list) and len(seen) == len(value) else [None] * len(value)
        for each, other in zip(value, same, strict=True):
            yield from differing(each, other)
    elif isinstance(value, str):
        yield value
    elif value is not None and not isinstance(value, bool):
        yield json.dumps(value)
