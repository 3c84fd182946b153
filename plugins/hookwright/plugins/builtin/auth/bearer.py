"""`auth: {type: bearer, token: {env: NAME}}`: `Authorization: Bearer <token>` (RFC 6750)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...headers import set_header
from ...hookspecs import Inject, Injector, Secrets, hookimpl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hookwright.rules.event import JSON


class BearerInjector:
    """A token in the `Authorization` header."""

    name = "bearer"
    schema: dict[str, Any] = {  # noqa: RUF012  # read-only
        "type": "object",
        "description": "Sends `Authorization: Bearer <token>`.",
        "properties": {
            "token": {
                "$ref": "#/$defs/secret",
                "description": "Where the token stands.",
                "examples": [{"env": "ERP_TOKEN"}],
            }
        },
        "required": ["token"],
        "additionalProperties": False,
    }

    def build(self, config: Mapping[str, JSON], secrets: Secrets) -> Inject:
        return set_header("Authorization", f"Bearer {secrets(config['token'])}")


@hookimpl
def hookwright_injectors() -> list[Injector]:
    return [BearerInjector()]
