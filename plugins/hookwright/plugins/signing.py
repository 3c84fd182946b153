"""Signatures over the bytes of a body: what the built-in kinds of signing share."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from .errors import BadSecret
from .headers import RESERVED_PATTERN

if TYPE_CHECKING:
    from requests import PreparedRequest

    from hookwright.rules.event import JSON

    from .hookspecs import Attempt, Secrets

Pairs: TypeAlias = tuple[tuple[str, str], ...]
Digest: TypeAlias = Callable[[bytes, bytes], bytes]

SHORTEST_KEY = 16  # bytes: a shorter one can be guessed from a single signed request
MOST_SECRETS = 10

SECRET: Mapping[str, Any] = {
    "$ref": "#/$defs/secret",
    "description": "Where the secret stands that both sides know.",
    "examples": [{"env": "SIGNING_KEY"}],
}
PREVIOUS: Mapping[str, Any] = {
    "type": "array",
    "items": {"$ref": "#/$defs/secret"},
    "minItems": 1,
    "maxItems": MOST_SECRETS - 1,
    "description": "Secrets that receivers may still know: while a secret is replaced, every call is signed "
    "with each of them, too.",
    "examples": [[{"env": "OLD_SIGNING_KEY"}]],
}


def header_schema(default: str | None, example: str) -> dict[str, Any]:
    """The schema of the name of the header that a signature goes out in."""
    schema: dict[str, Any] = {
        "type": "string",
        "pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
        "maxLength": 255,
        "not": {"pattern": RESERVED_PATTERN},
        "x-hookwright-form": "header name",
        "description": "The header that carries the signature, none that Hookwright writes itself.",
        "examples": [example],
    }
    return schema if default is None else {**schema, "default": default}


class Signature:
    """Signs calls: an `Inject` made of a function of the message id, the time and the body.

    `names` are the headers that `sign` writes, in lower case. The engine calls `sign` by itself, since a
    `PreparedRequest` costs more than the signature. Threads may share one.
    """

    __slots__ = ("names", "sign")

    def __init__(self, names: Sequence[str], sign: Callable[[str, int, bytes], Pairs]) -> None:
        """`sign` gets the message id, Unix seconds and the body (empty for a call without one)."""
        self.names = frozenset(name.lower() for name in names)
        self.sign = sign

    def __call__(self, request: PreparedRequest, attempt: Attempt) -> None:
        body = request.body or b""
        content = body.encode() if isinstance(body, str) else body
        for name, value in self.sign(attempt.message, attempt.timestamp, content):
            request.headers[name] = value


def digest_with(key: bytes, algorithm: str = "sha256") -> Digest:
    """HMAC with this key, of a head and a body after it. The key is worked in once and for all.

    `algorithm` is one hashlib knows.
    """
    keyed = hmac.new(key, digestmod=getattr(hashlib, algorithm))

    def digest(head: bytes, body: bytes) -> bytes:
        mac = keyed.copy()
        if head:
            mac.update(head)
        mac.update(body)
        return mac.digest()

    return digest


def text_keys(config: Mapping[str, JSON], secrets: Secrets) -> list[bytes]:
    """The keys of `secret` and `previous`, each the secret's text in UTF-8. Raises what `text_key` does."""
    return [text_key(reference, secrets) for reference in references(config)]


def references(config: Mapping[str, JSON]) -> list[JSON]:
    """The references of `secret` and `previous`, the present one first."""
    previous = config.get("previous", [])
    assert isinstance(previous, list)  # says the schema
    return [config["secret"], *previous]


def text_key(reference: JSON, secrets: Secrets) -> bytes:
    """A secret as a key: its text in UTF-8.

    Raises `BadSecret` for one that is too short, or that has blanks at its ends or control characters:
    somebody copied it badly, and no receiver would find the signature right. Raises what `secrets` raises.
    """
    secret = secrets(reference)
    if secret != secret.strip():
        raise BadSecret(reference, "begins or ends with a blank or a line break")
    if any(char < " " or char == "\x7f" for char in secret):
        raise BadSecret(reference, "holds a control character")
    try:
        key = secret.encode()
    except UnicodeEncodeError:  # its message would quote the secret
        raise BadSecret(reference, "is not text") from None
    if len(key) < SHORTEST_KEY:
        raise BadSecret(reference, f"is shorter than {SHORTEST_KEY} bytes, so it can be guessed")
    return key
