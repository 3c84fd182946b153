"""JSON as RFC 8259 means it: no duplicate keys, no NaN, no lone surrogates, bounded depth.

msgspec reads nearly all there is; what it or the count of keys has doubts about goes to the standard
library's decoder, which says yes or no. Only a refused text is read again, slowly, to say what is wrong and
where.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

import msgspec

from hookwright.rules.event import JSON

DEPTH_LIMIT = 64


class BadJSON(ValueError):
    """A text that is not JSON as we take it. `pointer` is a JSON Pointer; line and column count from 1."""

    def __init__(self, message: str, pointer: str = "", line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.message, self.pointer, self.line, self.column = message, pointer, line, column


def decode(raw: bytes) -> JSON:
    """The value of a JSON text in UTF-8. Integers are exact at any size up to 4,300 digits.

    Raises `BadJSON` for anything else.
    """
    value: JSON = _quickly(raw)
    return _thoroughly(raw) if value is _DOUBTFUL else value


_DOUBTFUL: Any = object()
_read = msgspec.json.Decoder().decode
_write = msgspec.json.Encoder().encode


def _quickly(raw: bytes) -> Any:
    """The value, or `_DOUBTFUL`. The decoder takes less than we do, but for depth and for duplicate keys, of
    which it keeps the last: then what is written of the value has fewer colons than the text had.
    """
    try:
        value = _read(raw)
        kept = _write(value).count(b":")
    except (ValueError, RecursionError):
        return _DOUBTFUL
    escaped = b"\\" in raw and b"\\u003" in raw  # a colon in disguise makes the count mean nothing
    if escaped or kept != raw.count(b":") or (_may_be_deep(raw) and _too_deep(value)):
        return _DOUBTFUL
    return value


def _thoroughly(raw: bytes) -> JSON:
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - (before.rfind(b"\n") + 1) + 1
        raise BadJSON(f"byte {error.start} is not UTF-8", "", line, column) from None
    try:
        value: JSON = _DECODER.decode(text)
    except (ValueError, RecursionError):
        raise _explain(text) from None
    if _may_be_deep(raw) and _too_deep(value):
        raise _explain(text)
    if b"\\u" in raw and _SURROGATE.search(text) and not _encodes(value):
        raise _explain(text)
    return value


def _unique(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found


def _constant(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("out of range")
    return number


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_constant, parse_float=_finite)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def _may_be_deep(raw: bytes) -> bool:
    """Whether more brackets open than may be nested: looking for the next is quicker than counting all."""
    found = 0
    for bracket in (b"[", b"{"):
        at = raw.find(bracket)
        while at >= 0:
            found += 1
            if found > DEPTH_LIMIT:
                return True
            at = raw.find(bracket, at + 1)
    return False


def _too_deep(value: JSON) -> bool:
    level = [value]
    for _ in range(DEPTH_LIMIT):
        below: list[JSON] = []
        for each in level:
            if type(each) is dict:
                below += each.values()
            elif type(each) is list:
                below += each
        level = below
    return any(type(each) is dict or type(each) is list for each in level)


def _encodes(value: JSON) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


_TOKEN = re.compile(
    r"[ \t\n\r]*(?:"
    r"(?P<mark>[{}\[\]:,])"
    r'|(?P<string>"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")'
    r"|(?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![0-9.eE])"
    r"|(?P<word>true|false|null)\b)"
)
_SPACE = re.compile(r"[ \t\n\r]*")


def _explain(text: str) -> BadJSON:
    try:
        _Explainer(text).document()
    except BadJSON as problem:
        return problem
    return BadJSON("this is not JSON")  # the decoder refused what the grammar allows: never seen


class _Explainer:
    """Recursive descent over tokens; the depth limit bounds the recursion."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.path: list[str] = []

    def document(self) -> None:
        self.value(0)
        if self.peek() < len(self.text):
            self.fail("text after the end of the JSON value")

    def peek(self) -> int:
        """The position of the next token, white space passed over."""
        space = _SPACE.match(self.text, self.at)
        return space.end() if space else self.at

    def fail(self, message: str, at: int | None = None) -> NoReturn:
        start = self.peek() if at is None else at
        line = self.text.count("\n", 0, start) + 1
        column = start - (self.text.rfind("\n", 0, start) + 1) + 1
        raise BadJSON(message, "".join("/" + part for part in self.path), line, column)

    def take(self, expected: str) -> tuple[str, str, int]:
        """The next token as (kind, text, position)."""
        start = self.peek()
        token = _TOKEN.match(self.text, self.at)
        if token is None or token.lastgroup is None:
            found = "the end of the text" if start >= len(self.text) else f"{self.text[start : start + 12]!r}"
            self.fail(f"expected {expected}, found {found}")
        self.at = token.end()
        return token.lastgroup, token[token.lastgroup], start

    def value(self, depth: int) -> None:
        kind, text, start = self.take("a JSON value")
        if kind == "mark" and text in "[{":
            if depth >= DEPTH_LIMIT:
                self.fail(f"nested more than {DEPTH_LIMIT} levels deep", start)
            (self.object if text == "{" else self.array)(depth + 1)
        elif kind == "mark":
            self.fail(f"expected a JSON value, found {text!r}", start)
        elif kind == "string":
            self.string(text, start)
        elif kind == "number":
            self.number(text, start)

    def string(self, text: str, start: int) -> str:
        found: str = json.loads(text)
        if any(0xD800 <= ord(character) <= 0xDFFF for character in found):
            self.fail("a lone surrogate is not a character", start)
        return found

    def number(self, text: str, start: int) -> None:
        if any(mark in text for mark in ".eE"):
            if math.isinf(float(text)):
                self.fail(f"the number {text[:24]} is too large for a double", start)
        elif len(text) > 4300:
            self.fail(f"an integer of {len(text)} digits is too long (4,300 at most)", start)

    def object(self, depth: int) -> None:
        seen: set[str] = set()
        if self.ends("}"):
            return
        while True:
            kind, text, start = self.take("a key in double quotes")
            if kind != "string":
                self.fail(f"expected a key in double quotes, found {text!r}", start)
            key = self.string(text, start)
            self.path.append(key.replace("~", "~0").replace("/", "~1"))
            if key in seen:
                self.fail(f"duplicate key {key!r}", start)
            seen.add(key)
            self.expect(":")
            self.value(depth)
            self.path.pop()
            if self.expect(",}") == "}":
                return

    def array(self, depth: int) -> None:
        if self.ends("]"):
            return
        index = 0
        while True:
            self.path.append(str(index))
            self.value(depth)
            self.path.pop()
            if self.expect(",]") == "]":
                return
            index += 1

    def ends(self, mark: str) -> bool:
        start = self.peek()
        if self.text[start : start + 1] != mark:
            return False
        self.at = start + 1
        return True

    def expect(self, marks: str) -> str:
        wanted = " or ".join(repr(mark) for mark in marks)
        kind, text, start = self.take(wanted)
        if kind != "mark" or text not in marks:
            self.fail(f"expected {wanted}, found {text[:12]!r}", start)
        return text
