"""Content types as they stand in a header: the type itself, and its charset."""

from __future__ import annotations

import re

_CHARSET = re.compile(r';\s*charset\s*=\s*("[^"]*"|[^;\s]*)', re.IGNORECASE)


def bare_type(content_type: str) -> str:
    """`Text/Plain; charset=utf-8` without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def with_charset(content_type: str, charset: str) -> str:
    """The same with this charset in place of any other; further parameters stay."""
    return f"{_CHARSET.sub('', content_type).rstrip('; ')}; charset={charset}"
