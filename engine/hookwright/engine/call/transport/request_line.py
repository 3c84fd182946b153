"""What of a call's URL goes on the wire: its scheme, and everything after the host exactly as written.

Host and port come from the call. So the URL is read once, by the guard, and by no second parser.
"""

from __future__ import annotations

import re
from functools import lru_cache

from . import Call

_URL = re.compile(r"[hH][tT]{2}[pP][sS]?://[!\"$-.0->@-~]+([/?][!\"$-~]*)?")  # printable ASCII, but no #


def is_secure(url: str) -> bool:
    return url[:6].lower() == "https:"


@lru_cache(maxsize=1024)  # an endpoint's calls have few different ones
def request_target(url: str) -> str:
    """`/path?query` of the request line. Raises ValueError for a URL that cannot stand in one."""
    match = _URL.fullmatch(url)
    if match is None:
        raise ValueError("the URL cannot be sent as it is")
    target = match.group(1) or "/"
    return target if target.startswith("/") else f"/{target}"


def origin(call: Call) -> str:
    """`https://host:port/` of the call."""
    host = f"[{call.host}]" if ":" in call.host else call.host
    return f"{'https' if is_secure(call.url) else 'http'}://{host}:{call.port}/"
