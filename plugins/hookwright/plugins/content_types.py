"""Content types as they stand in a header: the type itself, and its charset."""

from __future__ import annotations

import re

_PARAMETER = re.compile(r';\s*(?P<name>[^;="\s]*)(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^;]*))?')


def bare_type(content_type: str) -> str:
    """`Text/Plain; charset=utf-8` without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def with_charset(content_type: str, charset: str) -> str:
    """The same with this charset in place of any other; further parameters stay."""
    kept, semicolon, parameters = content_type.partition(";")
    others = [
        found[0].strip("; \t")
        for found in _PARAMETER.finditer(semicolon + parameters)
        if found["name"].lower() not in {"", "charset"}
    ]
    return "; ".join((kept.strip(), *others, f"charset={charset}"))
