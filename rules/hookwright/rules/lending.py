"""Lending: what a bundle beside another sees of it, its event types, notifiers and schedules, and no more.

Not its `defaults`: what an operator wrote for the calls of one bundle, a secret header perhaps, must not go
out with calls that somebody else sends somewhere else.
"""

from __future__ import annotations

from dataclasses import replace

from .source import Source

LENT = ("events", "notifiers", "schedules")


def borrowing(guest: Source, host: Source) -> Source:
    """`guest` with what it is lent, as if it were its own: to build a model from, never to publish."""
    lent = {key: host.content[key] for key in LENT if key in host.content}
    return replace(guest, content={**lent, **guest.content})
