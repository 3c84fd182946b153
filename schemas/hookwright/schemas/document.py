"""A YAML file as a JSON value that remembers where each of its parts stands."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from .builder import JSON, Builder, Limits, Refused, Spot
from .lines import line_of, position_after
from .mistakes import explain, proposing
from .problem import Place, Problem
from .within import position_within

__all__ = ["JSON", "Document", "Limits", "Reading", "parse", "read", "read_bytes"]

_BOM = b"\xef\xbb\xbf"
_DEFAULT = Limits()
# A key twice, a tag, a key or a number of a wrong form, a text cut short: all the rest can still be judged.
_READABLE = frozenset({"HW005", "HW007", "HW008", "HW009", "HW024"})
_WORD = re.compile(r"[^\s,\[\]{}#:]+")
_START = "a bundle file starts with: version: 1"


@dataclass(frozen=True, slots=True)
class Document:
    """`value` holds JSON types only. Parts written as aliases are shared: treat the value as read-only.

    `text` is what was read, without a byte order mark; empty for a document that nobody wrote.
    """

    file: str
    value: JSON
    root: Spot = field(repr=False, compare=False)
    text: str = field(default="", repr=False, compare=False)

    def place(self, path: Sequence[str | int], *, key: bool = False) -> Place:
        """Where the value at `path` (keys and indexes from the root) stands, or with `key` its key.

        The nearest ancestor's position when there is nothing at `path`.
        """
        spot, at = self.root, (self.root.line, self.root.column)
        for depth, step in enumerate(path):
            part = _part(spot, step)
            if part is None:
                break
            spot, at = part, (part.line, part.column)
            if key and depth == len(path) - 1 and part is not None:
                at = self._key(path) or at
        return Place(self.file, *at)

    def place_within(self, path: Sequence[str | int], text: str, offset: int) -> Place:
        """Where `text[offset]` stands, of the text that is the value at `path`."""
        place = self.place(path)
        return Place(self.file, *position_within(self.text, (place.line, place.column), text, offset))

    def written(self, place: Place) -> str:
        """The word at `place` as it stands in the file, where a value may have lost it: `1.10`."""
        found = _WORD.match(line_of(self.text, place.line), max(place.column - 1, 0))
        return found[0] if found else ""

    def length_at(self, place: Place, word: str) -> int:
        """The length of `word` where it is written out at `place`, else 0."""
        return len(word) if word and line_of(self.text, place.line).startswith(word, place.column - 1) else 0

    def _key(self, path: Sequence[str | int]) -> tuple[int, int] | None:
        spot = self.root
        for step in path[:-1]:
            part = _part(spot, step)
            if part is None:
                return None
            spot = part
        return spot.keys.get(str(path[-1])) if spot.keys else None


@dataclass(frozen=True, slots=True)
class Reading:
    """A document, and what is wrong with its YAML. There is none when the rest could not be made out.

    With problems, what is said of the same places once more is a consequence of them.
    """

    document: Document | None
    problems: tuple[Problem, ...] = ()


def read(path: Path, *, name: str, limits: Limits = _DEFAULT) -> Reading:
    """Read the file at `path`; `name` is what problems call it. Never blocks on a pipe or a device."""
    try:
        raw = read_bytes(path, limits.size + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return _refused(Problem("HW110", f"cannot be read: {reason}", Place(name)))
    return parse(raw, name=name, limits=limits)


def parse(raw: bytes, *, name: str, limits: Limits = _DEFAULT) -> Reading:
    """Read YAML from bytes (UTF-8, with or without a byte order mark). Never raises, whatever the bytes."""
    if len(raw) > limits.size:
        return _refused(Problem("HW011", f"the file is larger than {limits.size:,} bytes", Place(name)))
    try:
        text = raw.removeprefix(_BOM).decode()
    except UnicodeDecodeError as error:
        return _refused(_not_utf8(raw, error.start + (len(_BOM) if raw.startswith(_BOM) else 0), name))
    builder = Builder(name, limits)
    try:
        _feed(builder, text)
    except Refused as refused:
        builder.problems.append(refused.problem)
    except (yaml.YAMLError, ValueError, OverflowError, MemoryError) as error:
        builder.problems.append(explain(error, text, name))
    found = [proposing(problem, text) for problem in builder.problems]
    if not found and (builder.spot is None or builder.empty):
        found.append(Problem("HW003", "the file is empty", Place(name), _START))
    if builder.spot is None or any(problem.code not in _READABLE for problem in found):
        return _refused(*found)
    return Reading(Document(name, builder.value, builder.spot, text), _sorted(found))


def _feed(builder: Builder, text: str) -> None:
    """Events only: composing nodes is recursive in C and kills the process at 30,000 brackets."""
    loader = yaml.CSafeLoader(text)
    try:
        for event in iter(loader.get_event, None):
            builder.take(event)
    finally:
        loader.dispose()


def read_bytes(path: Path, limit: int) -> bytes:
    """At most `limit` bytes of a regular file; never waits for a pipe or a device.

    Raises OSError for what cannot be read, and ValueError for what is no regular file or no path.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise ValueError("it is a directory" if stat.S_ISDIR(mode) else "it is not a regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(limit)
    finally:
        os.close(descriptor)


def _not_utf8(raw: bytes, offset: int, name: str) -> Problem:
    before = raw[:offset].removeprefix(_BOM).decode(errors="replace")
    utf16 = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    message = f"not UTF-8: the byte 0x{raw[offset]:02x} at offset {offset} is not text"
    hint = "it looks like UTF-16; save it as UTF-8" if utf16 else "save the file as UTF-8"
    return Problem("HW002", message, Place(name, *position_after(before)), hint)


def _refused(*problems: Problem) -> Reading:
    return Reading(None, _sorted(problems))


def _sorted(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda each: (each.place.line, each.place.column)))


def _part(spot: Spot, step: str | int) -> Spot | None:
    parts = spot.parts
    if isinstance(parts, dict) and isinstance(step, str):
        return parts.get(step)
    if isinstance(parts, list) and isinstance(step, int) and 0 <= step < len(parts):
        return parts[step]
    return None
