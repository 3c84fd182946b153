"""Refusals: every error the API answers, as problem+json (RFC 9457)."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hookwright.engine.intake.rejected import Rejected

MEDIA_TYPE = "application/problem+json"

# On every answer: it is data for programs, never a page to render, frame, cache or guess the type of.
SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An HTTP error. `members` are further fields of the document, such as the pointer of the fault.

    `closes`: the connection ends with this answer, because what follows on it cannot be trusted or is unread.
    """

    status: int
    title: str
    detail: str
    headers: tuple[tuple[str, str], ...] = ()
    members: dict[str, Any] = field(default_factory=dict)
    closes: bool = False

    def body(self) -> bytes:
        said = {"type": "about:blank", "title": self.title, "status": self.status, "detail": self.detail}
        return msgspec.json.encode({**said, **self.members})

    def response(self) -> Response:
        headers = dict(self.headers)
        if self.closes:
            headers["connection"] = "close"
        return Response(self.body(), self.status, headers, MEDIA_TYPE)


class Refused(Exception):
    """Raised by a route that refuses; the answer is `refusal`."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.detail)
        self.refusal = refusal


INTERNAL = Refusal(500, "Internal error", "a fault of Hookwright's own; its log says more", closes=True)


def from_rejected(rejected: Rejected) -> Refusal:
    """What intake refused, with the place of the fault in the body or the headers."""
    members: dict[str, Any] = {}
    if rejected.pointer is not None:
        members["pointer"] = rejected.pointer
    if rejected.position is not None:
        members["line"], members["column"] = rejected.position
    if rejected.header is not None:
        members["header"] = rejected.header
    if rejected.problems:
        members["problems"] = [
            {"pointer": each.pointer, "message": each.message} for each in rejected.problems
        ]
    headers = () if rejected.retry_after is None else (("retry-after", str(rejected.retry_after)),)
    return Refusal(rejected.status, rejected.title, rejected.detail, headers, members)


async def answer_http_exception(request: Request, error: Exception) -> Response:
    """404, 405 and whatever else the router raises."""
    assert isinstance(error, HTTPException)
    title = HTTPStatus(error.status_code).phrase
    detail = {
        404: f"nothing is at {request.url.path}",
        405: f"{request.method} is not possible at {request.url.path}",
    }.get(error.status_code, error.detail)
    headers = tuple((name.lower(), value) for name, value in (error.headers or {}).items())
    if error.status_code == 405:  # the router knows the methods of one entry of the table only
        headers = (("allow", ", ".join(request.app.state.allowed(request.scope["path"]))),)
    return Refusal(error.status_code, title, detail, headers).response()


async def answer_refused(_request: Request, error: Exception) -> Response:
    """What a route refused by raising."""
    assert isinstance(error, Refused)
    return error.refusal.response()


async def answer_fault(_request: Request, _error: Exception) -> Response:
    """An exception nobody expected; the server logs it, the answer says nothing about it."""
    return INTERNAL.response()
