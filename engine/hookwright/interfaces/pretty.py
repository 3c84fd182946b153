"""Bodies laid out for people: JSON indented, forms one field a line, every value as it was sent."""

from __future__ import annotations

import json
import re
from urllib.parse import unquote_plus

LARGEST = 256 * 1024  # characters; what is longer is shown as it is
_DEEPEST = 64
_INDENT = "  "
_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+')


def pretty(body: str, content_type: str = "") -> str:
    """`body` laid out as its content shows, or as it is."""
    if len(body) > LARGEST:
        return body
    if content_type.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded":
        return _form(body)
    return _json(body) if _is_json(body) else body


def _is_json(body: str) -> bool:
    if not body.lstrip(" \t\r\n").startswith(("{", "[")):
        return False
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def _json(text: str) -> str:
    """Valid JSON on several lines. Its words are copied, so numbers and escapes stay as they were written."""
    words = _WORD.findall(text)
    parts: list[str] = []
    depth = 0
    for index, word in enumerate(words):
        empty = word in "{[" and words[index + 1] in "}]"
        closed = word in "}]" and words[index - 1] in "{["
        if word in "{[":
            depth += 1
            parts.append(word if empty else word + _break(depth))
        elif word in "}]":
            depth -= 1
            parts.append(word if closed else _break(depth) + word)
        else:
            parts.append({",": "," + _break(depth), ":": ": "}.get(word, word))
    return "".join(parts)


def _break(depth: int) -> str:
    return "\n" + _INDENT * min(depth, _DEEPEST)


def _form(body: str) -> str:
    """`a=1&b=x+y` as `a = 1` and `b = x y`, decoded."""
    pairs = [field.partition("=") for field in body.split("&") if field]
    return "\n".join(f"{unquote_plus(name)} = {unquote_plus(value)}" for name, _, value in pairs)
