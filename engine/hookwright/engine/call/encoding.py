"""Encodes what a delivery sends, once, when it is accepted; what cannot be encoded is told, never raised."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from hookwright.plugins.errors import PluginError
from hookwright.plugins.headers import check_header
from hookwright.plugins.hookspecs import BodyContext, Encoded, Encoder
from hookwright.rules.event import JSON

from ..journal.line import LINE_LIMIT

LARGEST = LINE_LIMIT - 64 * 1024  # bytes of a body in the journal, where a line holds more than the body
_CERTAIN = LARGEST // 6  # no body grows more than six times when it is written as JSON
_REASON = 300  # characters
_JSON = "application/json"

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Body:
    """The bytes to send, and the headers that belong to them.

    With a `refusal`, (error class, reason), there are none and nothing can be sent.
    """

    content: bytes
    headers: Pairs = ()
    refusal: tuple[str, str] | None = None


def encode_body(encoders: Mapping[str, Encoder], name: str, value: JSON, context: BodyContext) -> Body:
    """The body of a delivery by the encoder of this name. Never raises: an encoder is anybody's code.

    The content type is kept with the body, since the configuration may ask for another one before it is sent;
    plain JSON needs no mention.
    """
    encoder = encoders.get(name)
    if encoder is None:
        return refused(name, "no plugin of this name is loaded")
    try:
        encoded = encoder.encode(value, context)
        headers = _with_type(_checked(encoded), context.content_type, name)
    except PluginError as error:  # whose texts are for people
        return refused(name, _said(error))
    except (Exception, SystemExit) as error:  # noqa: BLE001  # said in full: an encoder sees no secret
        return refused(name, f"{type(error).__name__}: {_said(error)}")
    return Body(encoded.body, headers)


def refused(name: str, reason: str) -> Body:
    """Nothing can be sent, and the encoder of this name is why."""
    text = " ".join(reason.encode(errors="replace").decode().split())
    return Body(b"", (), (f"plugin:{name}", text[:_REASON]))


def too_large(name: str, body: Body) -> Body:
    """The body, or the refusal of one that has no room in a line of the journal."""
    content = body.content
    if len(content) <= _CERTAIN or _written(content) <= LARGEST:
        return body
    return refused(name, f"the body of {len(content):,} bytes is too large to be kept")


def _checked(encoded: object) -> Encoded:
    """Raises TypeError, or `InvalidHeader`, for what cannot be sent."""
    if not isinstance(encoded, Encoded) or type(encoded.body) is not bytes:
        raise TypeError("encode must return Encoded with bytes")
    headers = tuple(encoded.headers)
    if not headers:
        return encoded
    for name, value in headers:
        check_header(name, value)
    return Encoded(encoded.body, headers)


def _with_type(encoded: Encoded, content_type: str, name: str) -> Pairs:
    if not encoded.headers and name == "json" and content_type == _JSON:
        return ()
    headers = tuple((str(key), str(value)) for key, value in encoded.headers)
    named = any(key.lower() == "content-type" for key, _ in headers)
    if named or (name == "json" and content_type == _JSON):
        return headers
    return (("Content-Type", content_type), *headers)


def _written(content: bytes) -> int:
    try:
        return len(msgspec.json.encode(content.decode()))
    except UnicodeDecodeError:
        return len(base64.b64encode(content))


def _said(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001  # the exception's class is the plugin's code, too
        return "no reason given"
