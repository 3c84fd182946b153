"""`auth: {type: basic, user: u, password: {file: name}}`: HTTP Basic (RFC 7617), credentials in UTF-8."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from ...errors import InvalidHeader
from ...headers import set_header
from ...hookspecs import Inject, Injector, Secrets, hookimpl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hookwright.rules.event import JSON


class BasicInjector:
    """User and password, base64, in the `Authorization` header."""

    name = "basic"
    schema: dict[str, Any] = {  # noqa: RUF012  # read-only
        "type": "object",
        "description": "Sends `Authorization: Basic <user:password in base64>`.",
        "properties": {
            "user": {
                "$ref": "#/$defs/text",
                "pattern": r"^[^:\x00-\x1f\x7f]*$",
                "description": "The user name, or where it stands. It cannot hold a colon.",
                "examples": ["erp", {"env": "ERP_USER"}],
            },
            "password": {
                "$ref": "#/$defs/secret",
                "description": "Where the password stands.",
                "examples": [{"file": "erp-password"}],
            },
        },
        "required": ["user", "password"],
        "additionalProperties": False,
    }

    def build(self, config: Mapping[str, JSON], secrets: Secrets) -> Inject:
        written = config["user"]
        user = written if isinstance(written, str) else secrets(written)
        password = secrets(config["password"])
        if ":" in user:
            raise InvalidHeader("Authorization", "a Basic user name cannot hold a colon")
        if any(char < " " or char == "\x7f" for char in user + password):
            raise InvalidHeader("Authorization", "Basic credentials cannot hold control characters")
        return set_header("Authorization", "Basic " + _base64(f"{user}:{password}"))


def _base64(text: str) -> str:
    try:
        return base64.b64encode(text.encode()).decode()
    except UnicodeEncodeError:  # its message would quote the password
        raise InvalidHeader("Authorization", "Basic credentials must be text") from None


@hookimpl
def hookwright_injectors() -> list[Injector]:
    return [BasicInjector()]
