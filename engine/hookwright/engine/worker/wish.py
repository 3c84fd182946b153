"""What a receiver wishes in the headers of an answer: a longer wait, or no further try. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime

LONGEST = 24 * 3_600_000  # ms: nobody may put us off for longer than a day
RETRY_AFTER = "retry-after"
DELIVERY, ABORT = "webhook-delivery", "abort-message"

_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?", re.ASCII)
_DATES = (  # all that RFC 9110 knows; senders write the first
    "%a, %d %b %Y %H:%M:%S GMT",
    "%A, %d-%b-%y %H:%M:%S GMT",
    "%a %b %d %H:%M:%S %Y",
)

Headers = Iterable[tuple[str, str]]


def retry_after(headers: Headers, now: int) -> int | None:
    """The milliseconds from `now` (Unix ms) that `Retry-After` asks for: 0 to `LONGEST`, None without one.

    Seconds, with a fraction even, or a date; a date that is over asks for 0. What is neither is no wish. Of
    several the longest counts.
    """
    asked = [_wait(value.strip(), now) for name, value in headers if name.lower() == RETRY_AFTER]
    return max((each for each in asked if each is not None), default=None)


def aborts(headers: Headers) -> bool:
    """Whether the receiver wants no further try of this message (`webhook-delivery: abort-message`)."""
    return any(name.lower() == DELIVERY and value.strip().lower() == ABORT for name, value in headers)


def _wait(value: str, now: int) -> int | None:
    if _SECONDS.fullmatch(value):
        return math.ceil(min(float(value) * 1000, LONGEST))  # too many digits are infinite, and capped
    for form in _DATES:
        with suppress(ValueError):
            until = datetime.strptime(value, form).replace(tzinfo=UTC)
            return min(max(math.ceil(until.timestamp() * 1000) - now, 0), LONGEST)
    return None
