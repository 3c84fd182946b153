"""Makes the requests a notifier hands back: JSON posted to a URL, nothing sent yet."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .errors import InvalidHeader
from .headers import RESERVED_HEADERS, check_header

if TYPE_CHECKING:
    from requests import PreparedRequest

    from hookwright.rules.event import JSON


def post_json(url: str, value: JSON, headers: Iterable[tuple[str, str]] = ()) -> PreparedRequest:
    """A POST of `value` to `url`, which is sent as it is written.

    Raises `InvalidHeader` for a header that may not go on the wire or is Hookwright's own to write, and
    ValueError for what JSON cannot say.
    """
    from requests import PreparedRequest  # noqa: PLC0415  # only a worker sends
    from requests.structures import CaseInsensitiveDict  # noqa: PLC0415

    request = PreparedRequest()
    request.method = "POST"
    request.url = url
    request.headers = CaseInsensitiveDict({"Content-Type": "application/json"})
    for name, text in headers:
        check_header(name, text)
        if name.lower() in RESERVED_HEADERS:
            raise InvalidHeader(name, "is written by Hookwright itself")
        request.headers[name] = text
    request.body = json.dumps(value, allow_nan=False, separators=(",", ":")).encode("ascii")
    return request
