"""Actions: what rules do, and the steps of automations that do the same; the names and templates in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from hookwright.schemas.problem import Problem

from .bundle import Entry, Part
from .expression.syntax import NAMES
from .expressions import template_problems
from .merge import Layer
from .model import EntityType
from .namespace import Namespace

OF_A_BATCH: Final = "events"
OF_A_RUN: Final = ("steps", "vars")
EVERY_NAME: Final = (*NAMES, OF_A_BATCH, *OF_A_RUN)
"""What templates may use in one place or another; in `defaults` nobody knows yet in which."""

_TARGET: Final = ("url", "query", "headers", "body")
_TEMPLATES: Final[Mapping[str, Sequence[str]]] = {
    "post": _TARGET,
    "notify": ("message",),
    "emit": ("subject", "data"),
    "lapp": ("config",),
    "wait_for": ("match",),
}


def names_in(entry: Entry, merged: Layer) -> tuple[str, ...]:
    """What templates of this subscriber, whose merged settings are `merged`, are filled in with."""
    if entry.kind is EntityType.AUTOMATION:
        return (*NAMES, *OF_A_RUN)
    return (*NAMES, OF_A_BATCH) if isinstance(merged.get("batch"), Mapping) else NAMES


def action_problems(entry: Entry, names: Namespace, scope: Sequence[str]) -> Iterator[Problem]:
    """What is wrong with the templates of what a subscriber does, and the names of whom and what it tells."""
    for part, key in templates_in(entry):
        yield from template_problems(part, key, scope)
    for action in entry.actions():
        for key, where, check in (
            ("notify", "to", names.notifier_problems),
            ("emit", "type", names.event_problems),
        ):
            told = action.part(key)
            if told:
                yield from check(told, where)


def templates_in(entry: Entry) -> Iterator[tuple[Part, str]]:
    """Each part and key of what a subscriber does under which templates stand."""
    if entry.kind is EntityType.WEBHOOK:
        yield from ((entry.part, key) for key in _TARGET)
        lapp = entry.part.part("lapp")
        yield from () if lapp is None else ((lapp, "config"),)
    for action in entry.actions():
        yield action, "set"
        for kind, keys in _TEMPLATES.items():
            part = action.part(kind)
            if part:
                yield from ((part, key) for key in keys)
