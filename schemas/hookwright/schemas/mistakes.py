"""The traps of YAML: what the parser complains about, said so that a person knows what to write instead."""

from __future__ import annotations

import re

import yaml

from .lines import position_after, split_lines
from .problem import Place, Problem

QUOTE_TEMPLATE = 'a value with {{ }} must stand in quotes: "{{ … }}"'
QUOTE_STAR = 'a value that starts with * must stand in quotes, since * names an alias in YAML: "*.png"'

_TAB = "YAML is indented with spaces; replace the tab"
_QUOTE_COLON = "text with ': ' in it must stand in quotes, and a nested key goes on a line of its own"
_AFTER_QUOTE = "the text goes on after its closing quote; put all of it into quotes of the other kind"
_DEEPER = "the line is indented deeper than the key above it; text over several lines must stand in quotes"
_FLOW = "inside [ ] and { } text with brackets, braces or commas must stand in quotes"
_DASH = "a list starts on a line of its own; text that starts with '- ' must stand in quotes"
_ESCAPE = "in double quotes a backslash starts an escape; write \\\\ or use single quotes"

_KEY = re.compile(r"\s+[\w-]+\s*")  # and nothing before it on its line

# What libyaml says -> what helps. The first entry whose text is in the message counts.
_HINTS = (
    ("did not find expected alphabetic or numeric character", QUOTE_STAR),
    ("mapping values are not allowed", _QUOTE_COLON),
    ("a key is not allowed here", _DEEPER),
    ("block sequence entries are not allowed", _DASH),
    ("mapping keys are not allowed", "text that starts with '? ' must stand in quotes"),
    ("tab character", _TAB),
    ("unknown escape character", _ESCAPE),
    ("invalid Unicode character escape", "write the character itself, not as two halves (\\ud83d\\ude00)"),
    ("directive", "text that starts with % must stand in quotes"),
    ("could not find expected ':'", "a key is followed by ': '; longer text goes into quotes or after '|'"),
    ("did not find expected ',' or", _FLOW),
    ("did not find expected <document start>", "a file holds one document; remove the '...'"),
    ("did not find expected comment or line break", "text that starts with > or | must stand in quotes"),
    ("unexpected end of stream", "a quote that is opened here is never closed"),
    ("did not find expected '-' indicator", "a list and keys cannot stand at the same indentation"),
    ("did not find expected node content", "a bracket is closed that was never opened"),
)  # fmt: skip

# Where the thing began helps; where the parser gave up does not.
_STARTED_EARLIER = frozenset({"found unexpected end of stream", "could not find expected ':'"})

_PLAIN_WORDS = {
    "found character that cannot start any token": "this character cannot start a value",
    "mapping values are not allowed in this context": "a second ': ' in one value",
    "did not find expected alphabetic or numeric character": "the name of an anchor was expected",
    "did not find expected key": "a key was expected here",
}


def explain(error: yaml.YAMLError | Exception, text: str, file: str) -> Problem:
    """The `Problem` for what PyYAML raised while reading `text`."""
    if isinstance(error, yaml.reader.ReaderError):
        return _unprintable(error, text, file)
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        return Problem("HW001", f"not valid YAML: {error}", Place(file))
    said = str(getattr(error, "problem", None) or error)
    before, rest = _line(text, mark.line, mark.column)
    opened = getattr(error, "context_mark", None)
    if opened and (said in _STARTED_EARLIER or _at_end(text, mark.line)):
        mark = opened
    if "mapping values are not allowed" in said and _KEY.fullmatch(before):
        said = "a key is not allowed here"
    message = f"not valid YAML: {_PLAIN_WORDS.get(said, said)}"
    return Problem("HW001", message, Place(file, mark.line + 1, mark.column + 1), _hint(said, before, rest))


def _hint(said: str, before: str, rest: str) -> str | None:
    for part, hint in _HINTS:
        if part in said:
            return QUOTE_TEMPLATE if hint is _QUOTE_COLON and "{{" in rest else hint
    if "cannot start any token" in said:
        return _TAB if rest.startswith("\t") else f"a value that starts with {rest[:1]} must stand in quotes"
    quoted = before.rstrip().endswith(("'", '"'))
    return _AFTER_QUOTE if said == "did not find expected key" and quoted else None


def _unprintable(error: yaml.reader.ReaderError, text: str, file: str) -> Problem:
    """The C parser gives a byte offset and no mark."""
    before = text.encode()[: error.position].decode(errors="replace")
    character = error.character if isinstance(error.character, int) else ord(str(error.character)[:1] or "\0")
    return Problem(
        "HW001",
        f"not valid YAML: the control character U+{character:04X} is not allowed",
        Place(file, *position_after(before)),
        'remove it, or write it as an escape in double quotes ("\\a")',
    )


def _at_end(text: str, line: int) -> bool:
    return line >= len(_lines(text))


def _lines(text: str) -> list[str]:
    """A break at the end starts no line."""
    lines = split_lines(text)
    return lines if lines[-1] else lines[:-1]


def _line(text: str, line: int, column: int) -> tuple[str, str]:
    """The line before and after the mark."""
    lines = _lines(text)
    here = lines[line] if line < len(lines) else ""
    return here[:column], here[column:]
