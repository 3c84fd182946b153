"""`signing: {type: timestamped, secret: {env: NAME}}`: `t=<seconds>,v1=<signature>`, as Stripe sends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...headers import set_header
from ...hookspecs import Inject, Injector, Secrets, hookimpl
from ...signing import PREVIOUS, SECRET, Pairs, Signature, digest_with, header_schema, text_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hookwright.rules.event import JSON

DEFAULT_HEADER = "X-Signature"


class TimestampedInjector:
    """HMAC-SHA256 over `timestamp.body`, hexadecimal; a `v1=` for each secret."""

    name = "timestamped"
    signs = True
    schema: dict[str, Any] = {  # noqa: RUF012  # read-only
        "type": "object",
        "description": "Signs time and body as Stripe does: `t=<Unix seconds>,v1=<HMAC-SHA256 of "
        "`timestamp.body`, hexadecimal>`.",
        "properties": {
            "secret": SECRET,
            "previous": PREVIOUS,
            "header": header_schema(DEFAULT_HEADER, "Stripe-Signature"),
        },
        "required": ["secret"],
        "additionalProperties": False,
    }

    def build(self, config: Mapping[str, JSON], secrets: Secrets) -> Inject:
        header = str(config.get("header", DEFAULT_HEADER))
        set_header(header, "")  # refused here, and not call by call
        digests = [digest_with(key) for key in text_keys(config, secrets)]

        def sign(message: str, timestamp: int, body: bytes) -> Pairs:  # noqa: ARG001  # the same for all kinds
            head = b"%d." % timestamp
            signatures = "".join(f",v1={digest(head, body).hex()}" for digest in digests)
            return ((header, f"t={timestamp}{signatures}"),)

        return Signature([header], sign)


@hookimpl
def hookwright_injectors() -> list[Injector]:
    return [TimestampedInjector()]
