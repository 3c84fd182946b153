"""`signing: {type: github, secret: {env: NAME}}`: `X-Hub-Signature-256` as GitHub sends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...hookspecs import Inject, Injector, Secrets, hookimpl
from ...signing import SECRET, Pairs, Signature, digest_with, text_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hookwright.rules.event import JSON

HEADER = "X-Hub-Signature-256"


class GitHubInjector:
    """`sha256=<HMAC-SHA256 over the body, hexadecimal>`. It says nothing of when the body was sent."""

    name = "github"
    signs = True
    schema: dict[str, Any] = {  # noqa: RUF012  # read-only
        "type": "object",
        "description": "Signs the body as GitHub does, in `X-Hub-Signature-256`. No time is signed.",
        "properties": {"secret": SECRET},
        "required": ["secret"],
        "additionalProperties": False,
    }

    def build(self, config: Mapping[str, JSON], secrets: Secrets) -> Inject:
        digest = digest_with(text_key(config["secret"], secrets))

        def sign(message: str, timestamp: int, body: bytes) -> Pairs:  # noqa: ARG001  # the same for all kinds
            return ((HEADER, f"sha256={digest(b'', body).hex()}"),)

        return Signature([HEADER], sign)


@hookimpl
def hookwright_injectors() -> list[Injector]:
    return [GitHubInjector()]
