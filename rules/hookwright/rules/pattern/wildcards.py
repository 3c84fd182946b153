r"""Parse the text of a `wildcard`: `*` is any run of characters, `\*` and `\\` are a star and a backslash."""

from __future__ import annotations

from ..errors import Steps
from .report import Report


def parse_wildcard(text: str, at: Steps, report: Report) -> tuple[str, ...] | None:
    """The literal parts between the stars, escapes resolved: `a*c` is `("a", "c")`."""
    parts: list[str] = []
    literal: list[str] = []
    position = 0
    while position < len(text):
        letter = text[position]
        if letter == "\\":
            position += 1
            if text[position : position + 1] not in ("*", "\\"):
                hint = 'a backslash is written "\\\\" and a literal star "\\*"'
                report.fault(at, f"invalid escape at character {position} of the wildcard", hint)
                return None
            literal.append(text[position])
        elif letter == "*":
            if position and text[position - 1] == "*" and not literal:
                report.fault(
                    at, f"two stars in a row at character {position} of the wildcard", "one star is enough"
                )
                return None
            parts.append("".join(literal))
            literal = []
        else:
            literal.append(letter)
        position += 1
    return (*parts, "".join(literal))
