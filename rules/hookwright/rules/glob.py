"""Globs over event types and sources: `*` is any run of characters, `?` exactly one, all else itself."""

from __future__ import annotations

import fnmatch
import re
from functools import lru_cache


def is_glob(text: str) -> bool:
    """Whether `text` selects by shape rather than by name."""
    return "*" in text or "?" in text


@lru_cache(maxsize=4096)
def compile_glob(pattern: str) -> re.Pattern[str]:
    """A case-sensitive expression to `match` whole names with. `[` has no special meaning.

    `fnmatch` writes `*` without backtracking, so a hostile name cannot make it slow.
    """
    return re.compile(fnmatch.translate(pattern.replace("[", "[[]")))
