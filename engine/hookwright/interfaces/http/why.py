"""The reason somebody gives for what they ask, in the body of the request."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.requests import Request

from hookwright.rules.event import JSON

from .body import read_object
from .fields import Fault, invalid, unknown_keys

WHY_LIMIT = 500  # characters


async def read_why(request: Request) -> str:
    """The reason in the body. A request without a body gives none."""
    if request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers:
        return ""
    value = await read_object(request)
    faults = list(_faults(value))
    if faults:
        raise invalid(faults)
    return str(value.get("why", ""))


def _faults(value: dict[str, JSON]) -> Iterator[Fault]:
    yield from unknown_keys(value, ("why",))
    why = value.get("why", "")
    if not isinstance(why, str) or len(why) > WHY_LIMIT:
        yield Fault("/why", f"why is a text of at most {WHY_LIMIT} characters")
