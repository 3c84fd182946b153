"""`auth: {type: acme-stamp, key: {env: KEY}}`: proves who calls, and when.

The stamp does not cover the body: for that there is `signing:` in YAML.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from requests import PreparedRequest

from hookwright.plugins.hookspecs import Attempt, Inject, Secrets


class StampInjector:
    """`X-Acme-Stamp: t=<Unix seconds>,v1=<HMAC-SHA256 of "<message id>.<Unix seconds>", hexadecimal>`."""

    name = "acme-stamp"
    schema: dict[str, Any] = {
        "type": "object",
        "description": "Sends `X-Acme-Stamp`: an HMAC over message id and time.",
        "properties": {
            "key": {
                "$ref": "#/$defs/secret",
                "description": "Where the key stands that both sides know.",
                "examples": [{"acme": "erp.key"}],
            }
        },
        "required": ["key"],
        "additionalProperties": False,
    }

    def build(self, config: Mapping[str, Any], secrets: Secrets) -> Inject:
        key = secrets(config["key"]).encode()

        def inject(request: PreparedRequest, attempt: Attempt) -> None:
            said = f"{attempt.message}.{attempt.timestamp}".encode()
            digest = hmac.new(key, said, hashlib.sha256).hexdigest()
            request.headers["X-Acme-Stamp"] = f"t={attempt.timestamp},v1={digest}"

        return inject
