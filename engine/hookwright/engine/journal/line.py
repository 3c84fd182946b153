"""One line of the journal: how it is written, how it is read, how damage shows."""

from __future__ import annotations

import re
import zlib
from functools import lru_cache
from typing import TypeVar

import msgspec
from msgspec import Struct

from ..instant import milliseconds, timestamp

Shape = TypeVar("Shape")

LINE_LIMIT = 1024 * 1024  # bytes, newline included

_HEAD = re.compile(rb'\{"v":1,"n":([0-9]{1,18}),"at":"([0-9T:.Z-]{24})","kind":"([a-z_]+\+?)"')
_TAIL_LENGTH = len(',"crc":"01234567"}')


class Line(Struct, frozen=True, gc=False):
    """A sound line. `at` is Unix milliseconds, `raw` the whole JSON text without its newline."""

    n: int
    at: int
    kind: str
    raw: bytes

    def decode(self, shape: type[Shape]) -> Shape:
        """The line's fields as `shape`. Raises `msgspec.ValidationError` when they are not of that shape."""
        return msgspec.json.decode(self.raw, type=shape)


def encode(n: int, at: int, kind: str, fields: bytes) -> bytes:
    """A whole line with its newline. `fields` is what stands between the braces of a JSON object."""
    comma = b"," if fields else b""
    text = b'{"v":1,"n":%d,"at":"%b","kind":"%b"%b%b' % (n, _timestamp(at), kind.encode(), comma, fields)
    return b'%b,"crc":"%08x"}\n' % (text, zlib.crc32(text))


def parse(raw: bytes) -> Line | str:
    """The line in `raw` (without its newline), or what is wrong with it."""
    head = _HEAD.match(raw)
    if head is None or raw[-_TAIL_LENGTH:-10] != b',"crc":"' or raw[-2:] != b'"}':
        return "not a journal line"
    if raw[-10:-2] != b"%08x" % zlib.crc32(memoryview(raw)[:-_TAIL_LENGTH]):
        return "the checksum does not fit"
    n, at, kind = head.groups()
    try:
        return Line(int(n), _milliseconds(at), kind.decode(), raw)
    except ValueError:
        return "not a journal line"


@lru_cache(maxsize=16)  # lines that are written together have one instant
def _timestamp(at: int) -> bytes:
    return timestamp(at).encode()


@lru_cache(maxsize=16)
def _milliseconds(at: bytes) -> int:
    return milliseconds(at.decode())
