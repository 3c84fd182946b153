"""One line of the journal: how it is written, how it is read, how damage shows."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from ..instant import milliseconds, timestamp

Shape = TypeVar("Shape")

LINE_LIMIT = 1024 * 1024  # bytes, newline included

_HEAD = re.compile(rb'\{"v":1,"n":([0-9]{1,18}),"at":"([0-9T:.Z-]{24})","kind":"([a-z_]+\+?)"')
_TAIL_LENGTH = len(',"crc":"01234567"}')


@dataclass(frozen=True, slots=True)
class Line:
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
    head = b'{"v":1,"n":%d,"at":"%b","kind":"%b"' % (n, timestamp(at).encode(), kind.encode())
    text = b"%b,%b" % (head, fields) if fields else head
    return b'%b,"crc":"%08x"}\n' % (text, zlib.crc32(text))


def parse(raw: bytes) -> Line | str:
    """The line in `raw` (without its newline), or what is wrong with it."""
    tail = raw[-_TAIL_LENGTH:]
    head = _HEAD.match(raw)
    if head is None or not (tail.startswith(b',"crc":"') and tail.endswith(b'"}')):
        return "not a journal line"
    text = memoryview(raw)[:-_TAIL_LENGTH]
    if tail[8:16] != b"%08x" % zlib.crc32(text):
        return "the checksum does not fit"
    try:
        at = milliseconds(head[2].decode())
    except ValueError:
        return "not a journal line"
    return Line(int(head[1]), at, head[3].decode(), raw)
