"""Who makes a request: noted by the gate, asked by routes whose doing is recorded."""

from __future__ import annotations

from starlette.types import Scope

from ..roles import Holder

_HOLDER = "hookwright.holder"


def note_holder(scope: Scope, holder: Holder | None) -> None:
    """Remember whose token came with the request."""
    scope[_HOLDER] = holder


def actor_of(scope: Scope) -> str:
    """The name of the token, "admin" for the state folder's own; "" when none was given nor needed."""
    holder: Holder | None = scope.get(_HOLDER)
    return holder.name if holder else ""
