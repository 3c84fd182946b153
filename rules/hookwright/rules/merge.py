"""Merge the layers a subscriber's settings come from: preset, its family of the event, defaults, subscriber.

Below them all stand the built-in values: the defaults of the classes in `model`. Layers are mappings as
written in YAML. Maps merge by key and lists replace. A value that only makes sense as a whole is never
mixed from two layers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import TypeAlias

from .event import JSON

Layer: TypeAlias = Mapping[str, JSON]

GROWING = frozenset({"attempts", "initial", "multiplier", "max"})  # the waits `retry.schedule` excludes
LISTED = "schedule"
_EITHER = {"hold_outside": "skip_outside", "skip_outside": "hold_outside"}  # the nearer one counts


def merge(*layers: Layer) -> dict[str, JSON]:
    """One mapping out of many, the farthest layer first: where two say something, the later one wins."""
    return reduce(_over, layers, {})


def _over(far: Layer, near: Layer) -> dict[str, JSON]:
    merged = {key: value for key, value in far.items() if _EITHER.get(key) not in near}
    for key, value in near.items():
        below = far.get(key)
        if below is not None and isinstance(below, Mapping) and isinstance(value, Mapping):
            merged[key] = _MERGERS.get(key, _deep)(below, value)
        else:
            merged[key] = value
    return merged


def _deep(far: Layer, near: Layer) -> dict[str, JSON]:
    merged = dict(far)
    for key, value in near.items():
        below = far.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[key] = _deep(below, value) if both else value  # type: ignore[arg-type]  # `both` says so
    return merged


def _by_key(far: Layer, near: Layer) -> dict[str, JSON]:
    """`{env: A}` under a name replaces `{file: b}` there: a secret reference is one value."""
    return {**far, **near}


def _headers(far: Layer, near: Layer) -> dict[str, JSON]:
    """Names differ by more than case."""
    named = {name.lower() for name in near}
    return {**{name: value for name, value in far.items() if name.lower() not in named}, **near}


def _typed(far: Layer, near: Layer) -> dict[str, JSON]:
    """A bearer token is nothing to basic authentication: another type starts afresh."""
    return {**far, **near} if near.get("type", far.get("type")) == far.get("type") else dict(near)


def _whole(_far: Layer, near: Layer) -> dict[str, JSON]:
    return dict(near)


def _retry(far: Layer, near: Layer) -> dict[str, JSON]:
    """A listed schedule and a growing wait exclude each other; the nearer layer says which it is."""
    dropped: frozenset[str] = frozenset()
    if LISTED in near:
        dropped = GROWING
    elif GROWING & near.keys():
        dropped = frozenset({LISTED})
    return {**{key: value for key, value in far.items() if key not in dropped}, **near}


_MERGERS: Mapping[str, Callable[[Layer, Layer], dict[str, JSON]]] = {
    "auth": _typed,
    "headers": _headers,
    "labels": _by_key,
    "match": _whole,
    "query": _by_key,
    "retry": _retry,
    "signing": _typed,
}
