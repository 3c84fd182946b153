"""Instants on disk: Unix milliseconds inside, RFC 3339 text in UTC outside."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_OURS = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z"
)  # as `timestamp` writes
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def timestamp(milliseconds: int) -> str:
    """`2026-11-23T21:04:02.010Z`. Always three decimals, so texts sort as the instants do."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{_second(seconds)}.{rest:03d}Z"


@lru_cache(maxsize=64)  # most instants are now, or a delay from now
def _second(seconds: int) -> str:
    return f"{_EPOCH + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}"


def milliseconds(text: str) -> int:
    """The Unix milliseconds of an RFC 3339 text. Raises `ValueError` for anything else."""
    if _OURS.fullmatch(text):
        return _milliseconds_of(text[:19]) + int(text[20:23])
    return _read(text)


@lru_cache(maxsize=256)  # lines that are read together were written within a few seconds
def _milliseconds_of(second: str) -> int:
    return _read(f"{second}Z")


def _read(text: str) -> int:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} names no time zone")
    return (moment - _EPOCH) // timedelta(milliseconds=1)
