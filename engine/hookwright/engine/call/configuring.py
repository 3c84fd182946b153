"""The configuration of a Lapp: its templates filled in once and for all, its secrets put in. Pure."""

from __future__ import annotations

from typing import Final

from hookwright.rules.event import JSON
from hookwright.rules.expression import fill
from hookwright.rules.expression.slots import slots_in
from hookwright.rules.telling import LappCall

from ..strictjson import decode
from .filling import Filled, Scope, raw

CONFIG: Final = "config"  # the slot in which all of a configuration stands


def config_slots(call: LappCall) -> tuple[str, ...]:
    """The templates in the configuration."""
    return tuple(slots_in(dict(call.config)))


def filled_config(call: LappCall, scope: Scope) -> Filled:
    """The configuration as JSON, filled in from `scope`; nothing when there are no templates in it.

    Raises `ExpressionError`.
    """
    if not config_slots(call):
        return ()
    return ((CONFIG, raw(fill(dict(call.config), scope)).decode()),)


def put_together(call: LappCall, resolved: JSON, filled: Filled) -> JSON:
    """The configuration a Lapp gets: what was filled in, and secrets where references to them are written.

    A reference that a template made stays what it is: no event can choose a secret. Raises LookupError when
    there are templates, and nothing was filled in for them.
    """
    if not config_slots(call):
        return resolved
    return _beside(dict(call.config), resolved, decode(dict(filled)[CONFIG].encode()))


def _beside(written: JSON, resolved: JSON, filled: JSON) -> JSON:
    if isinstance(written, dict) and isinstance(resolved, str):
        return resolved
    if isinstance(written, dict) and isinstance(resolved, dict) and isinstance(filled, dict):
        return {
            key: _beside(written[key], resolved[key], value) if key in written else value
            for key, value in filled.items()
        }
    if isinstance(written, list) and isinstance(resolved, list) and isinstance(filled, list):
        same = len(written) == len(filled)
        return (
            [_beside(*each) for each in zip(written, resolved, filled, strict=True)] if same else list(filled)
        )
    return filled
