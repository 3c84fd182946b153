"""Senders, listed under `sources`: where the type of their events stands."""

from __future__ import annotations

from collections.abc import Iterator

from hookwright.schemas.problem import Problem

from .bundle import Part

_WHERE = ("type_header", "type_field")


def sender_problems(sender: Part) -> Iterator[Problem]:
    """What is wrong with one sender that its shape does not show."""
    if not any(key in sender.value for key in _WHERE):
        message = "it does not say where the type of its events stands"
        yield sender.problem("HW014", message, hint="write `type_header` or `type_field`")
