"""`signing: {type: standard-webhooks, secret: {env: NAME}}`: Standard Webhooks' `v1`."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from ...errors import BadSecret
from ...hookspecs import Inject, Injector, Secrets, hookimpl
from ...signing import PREVIOUS, SECRET, Digest, Pairs, Signature, digest_with, references

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hookwright.rules.event import JSON

PREFIX = "whsec_"
SHORTEST = 24  # bytes; the specification asks for 24 to 64, of which only the first protects anybody


class StandardWebhooksInjector:
    """`v1,<base64 of HMAC-SHA256 over "id.timestamp.body">`, one for each secret, in one header."""

    name = "standard-webhooks"
    signs = True
    schema: dict[str, Any] = {  # noqa: RUF012  # read-only
        "type": "object",
        "description": "Signs as Standard Webhooks (`v1`): id, timestamp and body, in `webhook-signature`.",
        "properties": {
            "secret": {
                **SECRET,
                "description": "Where the secret stands: `whsec_` and at least 24 random bytes in base64.",
            },
            "previous": PREVIOUS,
        },
        "required": ["secret"],
        "additionalProperties": False,
    }

    def build(self, config: Mapping[str, JSON], secrets: Secrets) -> Inject:
        digests = [digest_with(key_of(reference, secrets)) for reference in references(config)]
        return Signature(["webhook-signature"], _signing(digests))


def key_of(reference: JSON, secrets: Secrets) -> bytes:
    """The key behind `whsec_…`. Raises `BadSecret`, which never quotes it, and what `secrets` raises."""
    secret = secrets(reference)
    if not secret.startswith(PREFIX):
        raise BadSecret(reference, "must begin with whsec_, and go on with at least 24 bytes in base64")
    encoded = secret.removeprefix(PREFIX)
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):  # their messages could quote it
        raise BadSecret(reference, "is not base64 after whsec_") from None
    if len(key) < SHORTEST:
        raise BadSecret(reference, f"has {len(key)} bytes after whsec_, and needs at least {SHORTEST}")
    return key


def _signing(digests: list[Digest]) -> Any:
    def sign(message: str, timestamp: int, body: bytes) -> Pairs:
        head = f"{message}.{timestamp}.".encode()
        signatures = [binascii.b2a_base64(digest(head, body), newline=False) for digest in digests]
        return (("webhook-signature", " ".join([f"v1,{one.decode()}" for one in signatures])),)

    return sign


@hookimpl
def hookwright_injectors() -> list[Injector]:
    return [StandardWebhooksInjector()]
