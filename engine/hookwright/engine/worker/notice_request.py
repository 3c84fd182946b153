"""The request a notifier hands back, made one of ours: checked, completed, and masked for the record."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from requests import PreparedRequest

from hookwright.plugins.errors import InvalidHeader
from hookwright.plugins.headers import RESERVED_HEADERS, check_header

from ..call.headers import Headers, Pairs, attempt_headers, user_agent
from ..call.mask import REDACTED, Mask
from ..call.prepare import Prepared
from ..call.target import parse_target
from ..call.transport import Call
from ..delivery import Delivery, Sent

BODY_RECORDED: Final = 64 * 1024  # characters of a request's body that go into the record
_SHORTEST: Final = 8  # characters a part of a secret URL must have to be masked by itself

# Words in the addresses of well-known services: masking them would only make the record hard to read.
_WORDS: Final = frozenset({"services", "webhooks", "workflows", "triggers", "incoming", "channels"})

# requests sets these when it prepares; the transport knows better.
_DROPPED: Final = frozenset({"accept-encoding", "connection", "content-length", "host", "transfer-encoding"})
_SHOWN: Final = frozenset({"accept", "content-type", "user-agent"})  # the rest may carry a secret in any form
_METHOD = re.compile(r"[A-Z]{1,16}")


class RefusedRequest(Exception):
    """What came back from a notifier cannot be sent. The message goes on from "the notifier"."""


def revealing(secret: str) -> Iterator[str]:
    """What must not be shown of a secret: itself, and of a URL each long part of its path and query."""
    yield secret
    if "://" in secret:
        parts = re.split(r"[/?#&=]", _beyond_host(secret))
        yield from (part for part in parts if len(part) >= _SHORTEST and part not in _WORDS)


def notice_request(
    request: object, delivery: Delivery, timestamp: int, timeout: float, mask: Mask
) -> Prepared:
    """The call that `request` asks for; `timestamp` is Unix seconds, `timeout` seconds.

    Raises `RefusedRequest`, `InvalidHeader` or `Blocked`.
    """
    if not isinstance(request, PreparedRequest):
        raise RefusedRequest(f"returned {type(request).__name__} in place of a PreparedRequest or None")
    method, url = request.method or "", request.url or ""
    if not _METHOD.fullmatch(method):
        raise RefusedRequest("returned a request without a method")
    target = parse_target(url)
    headers, hidden = _headers(request, attempt_headers(delivery.message, timestamp))
    body = _body(request.body)
    if delivery.hidden:  # a message that says what is redacted: of its text, nothing is recorded
        mask = mask.hiding(delivery.hidden)
    call = Call(
        method=method,
        url=url,
        headers=headers.sent,
        body=body,
        timeout=timeout,
        host=target.host,
        port=target.port,
        addresses=(),
    )
    sent = Sent(
        method=method,
        url=_shown(url, mask),
        headers=headers.masked(mask).shown,
        body=REDACTED if delivery.hidden else mask(body.decode(errors="replace"))[:BODY_RECORDED],
    )
    return Prepared(call, sent, target, mask.with_values(hidden))


def _headers(request: PreparedRequest, own: Pairs) -> tuple[Headers, list[str]]:
    """The headers as sent and as shown, and the values that are not shown."""
    written: list[tuple[str, str]] = []
    for name, value in request.headers.items():
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        if name.lower() in _DROPPED:
            continue
        if name.lower() in RESERVED_HEADERS:
            raise InvalidHeader(name, "belongs to Hookwright or to the connection")
        check_header(name, text)
        written.append((name, text))
    if not any(name.lower() == "user-agent" for name, _ in written):
        written.append(("User-Agent", user_agent()))
    shown = tuple((name, value if name.lower() in _SHOWN else REDACTED) for name, value in written)
    hidden = [value for name, value in written if name.lower() not in _SHOWN and len(value) >= _SHORTEST]
    return Headers(tuple(written), shown) + own, hidden


def _body(body: object) -> bytes:
    match body:
        case None:
            return b""
        case bytes():
            return body
        case str():
            return body.encode()
    raise RefusedRequest(f"returned a body of {type(body).__name__} in place of bytes")


def _shown(url: str, mask: Mask) -> str:
    """The URL for the record. When secrets are URLs, one spelled in another way is not shown either."""
    masked = mask(url)
    if masked == url and any("://" in value for value in mask.values):
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc}/{REDACTED}"
    return masked


def _beyond_host(url: str) -> str:
    return url.partition("://")[2].partition("/")[2]
