"""Headers in libcurl's spelling, and without the ones that it would add of its own accord."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, TypeAlias

# An empty value takes out what libcurl or pycurl would add of its own accord, and nothing that is given.
_ALWAYS: Final = (b"Accept:", b"User-Agent:", b"Content-Type:", b"Expect:", b"Accept-Encoding: identity")

Pairs: TypeAlias = tuple[tuple[str, str], ...]


def header_lines(headers: Pairs, common: int = 0) -> list[bytes]:
    """libcurl's spelling: `Name: value`, and `Name;` for an empty value. It drops a value of blanks.

    The first `common` headers are those of many calls.
    """
    lines = _kept(headers[:common]).copy()
    lines += _lines(headers[common:])
    return lines


@lru_cache(maxsize=4096)
def _kept(headers: Pairs) -> list[bytes]:
    return [*_ALWAYS, *_lines(headers)]


def _lines(headers: Pairs) -> list[bytes]:
    return [
        f"{name}: {value}".encode("latin-1") if value.strip(" \t") else f"{name};".encode()
        for name, value in headers
    ]
