"""`auth: {type: header, name: X-Api-Key, value: {env: NAME}}`: a secret in a header of any name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import InvalidHeader
from ...headers import RESERVED_HEADERS, RESERVED_PATTERN, set_header
from ...hookspecs import Inject, Injector, Secrets, hookimpl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hookwright.rules.event import JSON


class HeaderInjector:
    """One secret header."""

    name = "header"
    schema: dict[str, Any] = {  # noqa: RUF012  # read-only
        "type": "object",
        "description": "Sends a secret in a header of your choice.",
        "properties": {
            "name": {
                "type": "string",
                "pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
                "not": {"pattern": RESERVED_PATTERN},
                "description": "The header's name, none that Hookwright writes itself.",
                "examples": ["X-Api-Key"],
            },
            "value": {
                "$ref": "#/$defs/secret",
                "description": "Where the header's value stands.",
                "examples": [{"env": "ERP_KEY"}],
            },
        },
        "required": ["name", "value"],
        "additionalProperties": False,
    }

    def build(self, config: Mapping[str, JSON], secrets: Secrets) -> Inject:
        name = str(config["name"])
        if name.lower() in RESERVED_HEADERS:
            raise InvalidHeader(name, "is written by Hookwright itself")
        return set_header(name, secrets(config["value"]))


@hookimpl
def hookwright_injectors() -> list[Injector]:
    return [HeaderInjector()]
