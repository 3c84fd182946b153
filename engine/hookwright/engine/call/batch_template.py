"""What is filled in when a batch closes, as its plan carries it: the bookkeeper has no configuration."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, json

from hookwright.rules.model import Target
from hookwright.rules.telling import BodyTemplate


class _Written(Struct, frozen=True, omit_defaults=True):
    url: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    slots: tuple[str, ...] = ()
    body: Any = None
    whole: bool | None = None  # None where the body is the list of the events' data


def batch_template(target: Target) -> str:
    """The templates of a target, as text; nothing where it has none."""
    if not target.slots and target.body is None:
        return ""
    headers = tuple((name, value) for name, value in target.headers if isinstance(value, str))
    called = _Written(target.url, headers, target.slots) if target.slots else _Written()
    body = target.body
    whole = _Written(
        called.url, called.headers, called.slots, body and body.tree, None if body is None else body.whole
    )
    return json.encode(whole, order="deterministic").decode()


def read_template(text: str) -> Target:
    """The target as far as something of it is filled in. Raises `msgspec.DecodeError`."""
    said = json.decode(text, type=_Written)
    body = None if said.whole is None else BodyTemplate(said.body, said.whole)
    return Target(url=said.url, headers=said.headers, body=body, slots=said.slots)
