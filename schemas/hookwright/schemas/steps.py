"""The steps of an automation, those inside of others included, as they are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from .builder import JSON

At: TypeAlias = "tuple[str | int, ...]"

_INSIDE = ("then", "else")  # keys of a step that hold steps


def steps_of(automation: Mapping[str, JSON]) -> Iterator[tuple[At, dict[str, JSON]]]:
    """Every step and the way to it, each before those inside of it; what has the wrong type is passed by."""
    return _steps(automation.get("steps"), ("steps",))


def _steps(items: JSON, at: At) -> Iterator[tuple[At, dict[str, JSON]]]:
    for here, step in _mappings(items, at):
        yield here, step
        for key in _INSIDE:
            yield from _steps(step.get(key), (*here, key))
        for branch, choice in _mappings(step.get("choose"), (*here, "choose")):
            yield from _steps(choice.get("do"), (*branch, "do"))
        loop = step.get("for_each")
        if isinstance(loop, dict):
            yield from _steps(loop.get("do"), (*here, "for_each", "do"))


def _mappings(items: JSON, at: At) -> Iterator[tuple[At, dict[str, JSON]]]:
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict):
            yield (*at, index), item
