"""The head of an answer: status line and header lines, taken one by one, judged and counted as they come."""

from __future__ import annotations

import re
from functools import lru_cache

from ...delivery import Timing
from . import INTERIM_LIMIT, RESPONSE_HEAD_LIMIT, Reply

_KEPT = 256  # bytes of a line that is short enough to be remembered
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: [^\x00\r\n]*)?\r?\n").fullmatch
_HEADER_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+[ \t]*:[^\x00\r\n]*\r?\n").fullmatch
_FOLDED_LINE = re.compile(rb"[ \t][^\x00\r\n]*\r?\n").fullmatch
_LENGTH = re.compile(r"[0-9]{1,18}")
_BLANK = (b"\r\n", b"\n")


class Head:
    """Collects an answer's lines. `complete` turns true at the blank line that ends the final head.

    Interim answers (1xx) are dropped, but counted. Lines that come after the final head are a chunked body's
    trailers: counted, never kept. `odd` means that two things disagree about where the body ends, so that
    the connection must not be used again.
    """

    __slots__ = ("_fields", "_interim", "_size", "complaint", "complete", "odd", "status")

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begin anew, with the head of another answer."""
        self.status: int | None = None
        self.complete = False
        self.complaint = ""
        self.odd = False
        self._fields: list[tuple[str, str]] = []
        self._size = 0
        self._interim = 0

    def feed(self, line: bytes) -> int:
        """Takes one line with its line end: how many bytes of it, all or none.

        None (0): the answer is refused, and `complaint` says why. So libcurl may call it by itself.
        """
        size = len(line)
        self._size += size
        if self._size > RESPONSE_HEAD_LIMIT:
            return self._refuse(f"more than {RESPONSE_HEAD_LIMIT // 1024} KiB of headers")
        if self.complete:
            return size
        if self.status is None:
            return self._start(line) and size
        if line in _BLANK:
            return self._end() and size
        field = (_field if size <= _KEPT else _field.__wrapped__)(line)
        if field is None:
            return self._fold(line) and size
        self._fields.append(field)
        return size

    def headers(self) -> tuple[tuple[str, str], ...]:
        """The header lines as (name, value), in their order, folded lines joined by one space."""
        return tuple(self._fields)

    def answered(self, body: bytes, *, truncated: bool, timing: Timing) -> Reply:
        """The reply once the head is complete: the receiver has answered.

        A body that breaks off, drips or is too long (`truncated`) takes nothing back.
        """
        return Reply(self.status, True, self.headers(), body, truncated, timing=timing)

    def _start(self, line: bytes) -> bool:
        self.status = (_status if len(line) <= _KEPT else _status.__wrapped__)(line)
        if self.status is None:
            return self._refuse("the status line is not HTTP/1.1")
        if self.status == 101:
            return self._refuse("the receiver switches to another protocol")
        return True

    def _fold(self, line: bytes) -> bool:
        """A line that goes on with the one before."""
        if not (self._fields and _FOLDED_LINE(line)):
            return self._refuse("a header line is malformed")
        name, value = self._fields[-1]
        self._fields[-1] = name, f"{value} {line.decode('latin-1').strip()}".strip()
        return True

    def _end(self) -> bool:
        if self.status is not None and self.status < 200:
            self._interim += 1
            self.status = None
            self._fields.clear()
            if self._interim > INTERIM_LIMIT:
                return self._refuse(f"more than {INTERIM_LIMIT} interim answers")
            return True
        if not self._framed():
            return self._refuse("the Content-Length is malformed or contradicts itself")
        self.complete = True
        return True

    def _framed(self) -> bool:
        """Whether every `Content-Length` is a number, and all say the same."""
        lengths = set()
        coded = False
        for name, value in self._fields:
            key = name.lower()
            if key == "content-length":
                lengths.add(value)
            elif key == "transfer-encoding":
                coded = True
        self.odd = coded and bool(lengths)
        return not lengths or (len(lengths) == 1 and _LENGTH.fullmatch(lengths.pop()) is not None)

    def _refuse(self, complaint: str) -> bool:
        self.complaint = complaint
        return False


# Receivers say nearly the same in all their answers.


@lru_cache(maxsize=256)
def _status(line: bytes) -> int | None:
    match = _STATUS_LINE(line)
    return None if match is None else int(match.group(1))


@lru_cache(maxsize=1024)
def _field(line: bytes) -> tuple[str, str] | None:
    """The name and the value of a header line; None for what is none."""
    if _HEADER_LINE(line) is None:
        return None
    name, _, value = line.decode("latin-1").partition(":")
    return name.rstrip(), value.strip()
