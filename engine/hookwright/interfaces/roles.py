"""Roles: what the holder of a token may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a token is for. Each route needs one; the roles above it may do the same."""

    EMITTER = "emitter"
    """Send events."""
    VIEWER = "viewer"
    """Read deliveries, subscribers and metrics."""
    OPERATOR = "operator"
    """What emitter and viewer may; replay deliveries; disable, enable, pause, resume and ping subscribers."""
    ADMIN = "admin"
    """Everything, webhooks and tokens too."""

    def may(self, needed: Role) -> bool:
        """Whether this role may do what `needed` is needed for."""
        return needed in _COVERS[self]


_COVERS: Mapping[Role, frozenset[Role]] = {
    Role.EMITTER: frozenset({Role.EMITTER}),
    Role.VIEWER: frozenset({Role.VIEWER}),
    Role.OPERATOR: frozenset({Role.EMITTER, Role.VIEWER, Role.OPERATOR}),
    Role.ADMIN: frozenset(Role),
}


@dataclass(frozen=True, slots=True)
class Holder:
    """Who presents a token: the token's name and its role."""

    name: str
    role: Role
