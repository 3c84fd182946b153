"""Which names of keys, headers and parameters say that their value is a secret."""

from __future__ import annotations

import re

_WORDS = (
    "x?api-?key|auth|authorization|bearer|cookie|credentials?|key|passw(?:or)?d|secret|sig(?:nature)?|token"
)
_SECRET_NAME = re.compile(rf"(?:\A|[-_.])(?:{_WORDS})(?:\Z|[-_.])", re.IGNORECASE)


def looks_secret(name: str) -> bool:
    """Whether a header or parameter of this name mostly holds a secret: `X-Api-Key`, `token`."""
    return _SECRET_NAME.search(name) is not None
