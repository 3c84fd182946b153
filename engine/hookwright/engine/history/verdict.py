"""The verdict: what a receiver itself says of a request, in the form LeadSquared asks receivers to answer."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from ..delivery import Received

REASON_LIMIT = 500  # characters of a reason kept; the answer itself has all of it
_LARGEST = 64 * 1024  # characters of an answer that is looked into
_WORDS = {"success": "Success", "error": "Error"}


class Verdict(Struct, frozen=True):
    """`status` is Success or Error, `reason` the receiver's own words. It decides nothing, it is shown."""

    status: str
    reason: str


class _Said(Struct):
    status: str = msgspec.field(name="Status")
    reason: str | None = msgspec.field(name="StatusReason", default=None)


def read_verdict(response: Received | None) -> Verdict | None:
    """The verdict in an answer such as `{"Status": "Error", "StatusReason": "no such lead"}`, if any."""
    if response is None or '"Status"' not in response.body or len(response.body) > _LARGEST:
        return None
    try:
        said = msgspec.json.decode(response.body, type=_Said)
    except (msgspec.DecodeError, RecursionError):
        return None
    word = _WORDS.get(said.status.casefold())
    return Verdict(word, (said.reason or "")[:REASON_LIMIT]) if word else None
