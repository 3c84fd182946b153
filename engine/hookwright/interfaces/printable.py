"""Text from outside (an event, an answer, a file name) made safe to print on a terminal or in a log line."""

from __future__ import annotations

import re

# C0 and C1 controls, line and paragraph separators, and the marks that reorder or hide text.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\ufff9-\ufffb]"
)
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(text: str, limit: int | None = None) -> str:
    """`text` on one line, every control character escaped (`\\x1b`), cut after `limit` characters."""
    shown = text if limit is None or len(text) <= limit else text[:limit] + "…"
    return _UNSAFE.sub(_escape, shown)


def printable_lines(text: str) -> str:
    """`text` with its line breaks and tabs kept and every other control character escaped."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join("\t".join(printable(part) for part in line.split("\t")) for line in lines)


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if character in _NAMED:
        return _NAMED[character]
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
