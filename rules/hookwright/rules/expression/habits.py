"""What people write who think in another language, and what it is called in ours."""

from __future__ import annotations

import re

_WRITE = {
    "&&": "write `and`",
    "||": "write `or`",
    "!": "write `not`",
    "=": "write `==` to compare",
    "===": "write `==`",
    "!==": "write `!=`",
    "<>": "write `!=`",
    "?": "write `a if b else c`",
    "contains": "write `'a' in data.Name`",
    "AND": "write `and`",
    "OR": "write `or`",
}
_TOKEN = re.compile(r"&&|\|\||!==|===|<>|[!=?&]|\w+")


def habit(text: str, column: int) -> str | None:
    """The hint for what stands at `column` (from 1) of an expression, where it could not be read on.

    A parser may give up within a sign: of `&&`, `||`, `===` and `<>` any part counts.
    """
    for found in _TOKEN.finditer(text):
        if found.start() < column <= found.end():
            return _WRITE.get(found[0])
    return None
