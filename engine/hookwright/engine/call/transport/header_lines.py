"""Headers in libcurl's spelling, and without the ones that it would add of its own accord."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

# Headers libcurl or pycurl would add by themselves: an empty value takes them out.
_DEFAULTS: Final = (
    ("accept", b"Accept:"),
    ("user-agent", b"User-Agent:"),
    ("content-type", b"Content-Type:"),
)
_ALWAYS: Final = (b"Accept-Encoding: identity", b"Expect:")


def header_lines(headers: tuple[tuple[str, str], ...]) -> list[bytes]:
    """libcurl's spelling: `Name: value`, and `Name;` for an empty value. It drops a value of blanks."""
    lines = [
        f"{name}: {value}".encode("latin-1") if value.strip(" \t") else f"{name};".encode()
        for name, value in headers
    ]
    lines += _removals(tuple([name for name, _ in headers]))
    return lines


@lru_cache(maxsize=4096)
def _removals(names: tuple[str, ...]) -> tuple[bytes, ...]:
    """What takes out the headers that libcurl or pycurl would add to these."""
    given = {name.lower() for name in names}
    return (*(removal for name, removal in _DEFAULTS if name not in given), *_ALWAYS)
