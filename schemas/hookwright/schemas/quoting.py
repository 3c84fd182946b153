"""What somebody meant to be one text in a line that YAML reads otherwise, and how to write it in quotes."""

from __future__ import annotations

import re

from .secret_names import looks_secret

_KEY = r"(?:\"[^\"]*\"|'[^']*'|[^\s\"'\[\]{},#:][^\[\]{},#:]*)\s*:\s+"
_BLOCK = re.compile(rf"\s*(?:-\s+)*({_KEY})?")
_NEXT = re.compile(rf"[{{\[,]\s*({_KEY})?")
_KEYED = re.compile(rf",\s*{_KEY}")
_QUOTED = re.compile(r"\"(?:\\.|[^\"\\])*\"?|'(?:''|[^'])*'?")
_ENTRY = re.compile(r"[\w\"'-]: ")
_COMMENT = re.compile(r"\s#.*")
_LONGEST = 70
_COLLECTION = ("[", "{")
_OPENS, _CLOSES = "([{", ")]}"


def quoted_value(line: str, at: int) -> str | None:
    """The value around `at` (from 0), in quotes as YAML takes it: `"data.a in ['x']"`.

    None where nothing is to be proposed: there is no text, it is long, or it may be a secret.
    """
    key, start, within = _value(line, at)
    text = _until(line, start, mapping=within == "{") if within else _COMMENT.sub("", line[start:])
    text = text.strip()
    if within and _ENTRY.search(text):  # a comma is missing rather than quotes
        return None
    if not text or len(text) > _LONGEST or "://" in text or looks_secret(key):
        return None
    return quoted(text)


def quoted(text: str) -> str:
    """The text in the quotes that leave most of it as it is."""
    if '"' in text or "\\" in text:
        return "'" + text.replace("'", "''") + "'"
    return f'"{text}"'


def _value(line: str, at: int) -> tuple[str, int, str]:
    """The nearest key of the value around `at`, where the value starts, and the bracket it is in, if any."""
    found = _BLOCK.match(line)
    key, start, within = (found[1] or "", found.end(), "") if found else ("", 0, "")
    while line.startswith(_COLLECTION, start) and not line.startswith("{{", start):
        items, end = _items(line, start)
        items = [item for item in items if item.end() <= at]
        if not items or end < at:
            break
        key, start, within = items[-1][1] or key, items[-1].end(), line[start]
    return key.rstrip(": ").strip("\"'"), start, within


def _items(line: str, start: int) -> tuple[list[re.Match[str]], int]:
    """The starts, with their keys, of the items of the collection opened at `start`, and where it closes."""
    found, depth, at = [], 0, start
    while at < len(line):
        token = _QUOTED.match(line, at)
        depth += (line[at] in _OPENS) - (line[at] in _CLOSES)
        if depth == 1 and (at == start or line[at] == ",") and (item := _NEXT.match(line, at)):
            found.append(item)
        if depth <= 0:
            return found, at
        at = token.end() if token else at + 1
    return found, len(line)


def _until(line: str, start: int, *, mapping: bool) -> str:
    """From `start` up to the bracket or the comma that ends it; those inside of its own brackets do not.

    Nor does, in a mapping, a comma that no key follows.
    """
    depth, at = 0, start
    while at < len(line):
        token = _QUOTED.match(line, at)
        depth += (line[at] in _OPENS) - (line[at] in _CLOSES)
        if depth < 0 or (depth == 0 and line[at] == "," and (_KEYED.match(line, at) or not mapping)):
            break
        at = token.end() if token else at + 1
    return line[start:at]
