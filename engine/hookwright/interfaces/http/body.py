"""A request's body: read within its limits of size and time, and for most routes a JSON object."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.types import Message, Receive

from hookwright.engine.intake.door import PLAIN, media_in_utf8
from hookwright.engine.strictjson import BadJSON, decode
from hookwright.rules.event import JSON

from .problems import Refusal, Refused

BODY_SECONDS = 10.0  # a request body that takes longer is given up on
OBJECT_LIMIT = 256 * 1024  # bytes of a JSON object that describes something


class Gone(Exception):
    """The client hung up in the middle of its request: nothing is stored, nobody waits for an answer."""


async def read_body(
    length: str | None, receive: Receive, limit: int, seconds: float, advice: str = ""
) -> bytes:
    """The whole body. `length` is the Content-Length header. Raises `Refused` (408, 413) and `Gone`."""
    if int(length or 0) > limit:
        raise too_large(limit, advice)
    try:
        async with asyncio.timeout(seconds):
            return await _whole(receive, limit, advice)
    except TimeoutError:
        raise Refused(
            Refusal(408, "Request too slow", "the body did not arrive in time", closes=True)
        ) from None


async def read_object(request: Request, limit: int = OBJECT_LIMIT) -> dict[str, JSON]:
    """The body as a JSON object, as strict as the events' door. Raises `Refused` (400, 408, 413, 415)."""
    media = request.headers.get("content-type", "")
    if media_in_utf8(media) != PLAIN:
        detail = f"send {PLAIN} in UTF-8, not {media[:100] or 'nothing'!r}"
        raise Refused(
            Refusal(415, "Unsupported content type", detail, members={"header": "content-type"}, closes=True)
        )
    try:
        length = request.headers.get("content-length")
        value = decode(await read_body(length, request.receive, limit, BODY_SECONDS))
    except Gone:
        raise Refused(Refusal(400, "Broken off", "the body ended early", closes=True)) from None
    except BadJSON as bad:
        where = {"pointer": bad.pointer, "line": bad.line, "column": bad.column}
        raise Refused(Refusal(400, "Not valid JSON", bad.message, members=where)) from None
    if not isinstance(value, dict):
        raise Refused(Refusal(400, "Not an object", "the body is a JSON object", members={"pointer": ""}))
    return value


async def _whole(receive: Receive, limit: int, advice: str) -> bytes:
    """Most bodies arrive in one message; those are not copied."""
    message: Message = await receive()
    body: bytes = message.get("body", b"")
    if message["type"] == "http.request" and not message.get("more_body"):
        return body
    parts, size = [body], len(body)
    while message["type"] == "http.request" and message.get("more_body"):
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            raise too_large(limit, advice)
    if message["type"] != "http.request":
        raise Gone
    return b"".join(parts)


def too_large(limit: int, advice: str) -> Refused:
    """The refusal (413) of a body over `limit` bytes."""
    detail = f"at most {limit} bytes a request{advice}"
    return Refused(Refusal(413, "Request too large", detail, closes=True))
