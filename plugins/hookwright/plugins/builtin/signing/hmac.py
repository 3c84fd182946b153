"""`signing: {type: hmac, header: X-Signature, secret: {env: NAME}}`: an HMAC in a header, to taste."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...headers import set_header
from ...hookspecs import Inject, Injector, Secrets, hookimpl
from ...signing import SECRET, Pairs, Signature, digest_with, header_schema, text_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hookwright.rules.event import JSON

_HEADS: dict[str, Callable[[str, int], bytes]] = {
    "body": lambda _message, _timestamp: b"",
    "timestamp.body": lambda _message, timestamp: b"%d." % timestamp,
    "id.timestamp.body": lambda message, timestamp: f"{message}.{timestamp}.".encode(),
}
_ENCODINGS: dict[str, Callable[[bytes], str]] = {
    "hex": lambda digest: digest.hex(),
    "base64": lambda digest: b64encode(digest).decode(),
}


class HMACInjector:
    """What is signed, by which algorithm, and how it is written, are all of the receiver's choosing."""

    name = "hmac"
    signs = True
    schema: dict[str, Any] = {  # noqa: RUF012  # read-only
        "type": "object",
        "description": "Signs with HMAC, in a header and a form of your choice.",
        "properties": {
            "header": header_schema(None, "X-Signature"),
            "secret": SECRET,
            "algorithm": {
                "enum": ["sha1", "sha256", "sha512"],
                "default": "sha256",
                "description": "The hash function: `sha256` if it is left out. `sha1` is for receivers that "
                "know no better.",
                "examples": ["sha512"],
            },
            "encoding": {
                "enum": sorted(_ENCODINGS),
                "default": "hex",
                "description": "How it is written: `hex` (lower case) if this is left out, or `base64`.",
                "examples": ["base64"],
            },
            "prefix": {
                "type": "string",
                "pattern": "^[!-~]([ -~]*[!-~])?$",
                "maxLength": 64,
                "description": "What stands before the signature.",
                "examples": ["sha512="],
            },
            "over": {
                "enum": list(_HEADS),
                "default": "body",
                "description": "What is signed: the `body` if this is left out; or time, or message id and "
                "time, before it, with full stops between. They go out as `webhook-id` and "
                "`webhook-timestamp`.",
                "examples": ["timestamp.body"],
            },
            "timestamp_header": {
                **header_schema(None, "X-Timestamp"),
                "description": "A header for the time, in Unix seconds, besides `webhook-timestamp`.",
            },
        },
        "required": ["header", "secret"],
        "additionalProperties": False,
    }

    def build(self, config: Mapping[str, JSON], secrets: Secrets) -> Inject:
        header, prefix = str(config["header"]), str(config.get("prefix", ""))
        set_header(header, prefix)  # refused here, and not call by call
        key = text_key(config["secret"], secrets)
        digest = digest_with(key, str(config.get("algorithm", "sha256")))
        written = _ENCODINGS[str(config.get("encoding", "hex"))]
        head = _HEADS[str(config.get("over", "body"))]

        def sign(message: str, timestamp: int, body: bytes) -> Pairs:
            return ((header, prefix + written(digest(head(message, timestamp), body))),)

        if "timestamp_header" not in config:
            return Signature([header], sign)
        return _timed(str(config["timestamp_header"]), header, sign)


def _timed(timed: str, header: str, sign: Callable[[str, int, bytes], Pairs]) -> Signature:
    set_header(timed, "0")

    def sign_and_say(message: str, timestamp: int, body: bytes) -> Pairs:
        return ((timed, str(timestamp)), *sign(message, timestamp, body))

    return Signature([timed, header], sign_and_say)


@hookimpl
def hookwright_injectors() -> list[Injector]:
    return [HMACInjector()]
