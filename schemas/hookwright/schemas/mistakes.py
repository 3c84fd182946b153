"""The traps of YAML: what the parser complains about, said so that a person knows what to write instead."""

from __future__ import annotations

import re
from dataclasses import replace

import yaml

from .lines import line_of, position_after, split_lines
from .problem import Place, Problem
from .quoting import quoted_value

# A hint that ends with "in quotes" gets the value itself, as it is to be written, where that may be shown.
_IN_QUOTES = "in quotes"
QUOTE_TEMPLATE = "a value with {{ }} must stand in quotes"
QUOTE_STAR = "in YAML a * repeats what has an anchor; text that starts with one must stand in quotes"
QUOTE_COMMA = "inside of { } text with a comma must stand in quotes"

_TAB = "YAML is indented with spaces; replace the tab"
_QUOTE_COLON = "a nested key goes on a line of its own; text with ': ' in it must stand in quotes"
_AFTER_QUOTE = "the text goes on after its closing quote; all of it must stand in quotes"
_NO_COMMA = f"a comma is missing here, or {_AFTER_QUOTE}"
_NEVER_CLOSED = "close it, or put the text into quotes if it is one"
_UNCLOSED = ("this bracket is never closed", _NEVER_CLOSED)
_OTHER_BRACKET = "brackets are closed in the order in which they were opened, the last one first"
_AFTER_BRACKET = "text that starts with a bracket must stand in quotes"
_COLON = "a key is followed by a colon and a space: version: 1"
_DEEPER = "the line is indented deeper than the key above it; text over several lines must stand in quotes"
_FLOW = "inside [ ] and { } text with brackets, braces or commas must stand in quotes"
_NO_DASH = "inside of [ ] commas part the entries of a list, without dashes"
_NEVER_OPENED = "a bracket is closed that was never opened"
_DASH = "a list starts on a line of its own (text that starts with '- ' is put into quotes)"
_ESCAPE = "in double quotes a backslash starts an escape; write \\\\ or use single quotes"

_KEY = re.compile(r"\s*[\w-]+\s*")  # and nothing before it on its line
_CURLY = re.compile("[\u201c\u201d\u201e\u2018\u2019]")  # as word processors write them
_NO_COLON = re.compile(r"\s*[\w-]+(?:\s+(?!#)[^:#]*)?(?:#.*)?")

# What libyaml says -> what helps. The first entry whose text is in the message counts.
_HINTS = (
    ("did not find expected alphabetic or numeric character", QUOTE_STAR),
    ("mapping values are not allowed", _QUOTE_COLON),
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
    ("unexpected end of stream", "close the quote that is opened here"),
    ("did not find expected '-' indicator", "a list and keys cannot stand at the same indentation"),
)  # fmt: skip

# Where the thing began helps; where the parser gave up does not.
_STARTED_EARLIER = frozenset({"found unexpected end of stream", "could not find expected ':'"})

_NO_VALUE = "did not find expected node content"
_PLAIN_WORDS = {
    "found character that cannot start any token": "this character cannot start a value",
    "mapping values are not allowed in this context": "a second ': ' in one value",
    "did not find expected alphabetic or numeric character": "the name of an anchor was expected",
    "block sequence entries are not allowed in this context": "a list cannot start behind a key",
    "mapping keys are not allowed in this context": "'? ' starts a key, and none can stand here",
    "did not find expected comment or line break": "behind > or | the line must end: the text starts below",
    "found a tab character that violates indentation": "a tab indents this line",
    "found unexpected end of stream": "the file ends within this text",
    "did not find expected key": "a key was expected here",
    _NO_VALUE: "a value was expected here",
    "did not find expected ',' or '}'": "',' or '}' was expected here",
    "did not find expected ',' or ']'": "',' or ']' was expected here",
}
_EXPECTED = frozenset(
    {
        "did not find expected key",
        "did not find expected ',' or '}'",
        "did not find expected ',' or ']'",
    }
)
_CLOSING = ("]", "}")
# What stands before the place where the parser expected something else -> what it had read there, what helps.
_HAS_ENDED = {
    "'": ("the quoted text before this has ended", _AFTER_QUOTE),
    '"': ("the quoted text before this has ended", _AFTER_QUOTE),
    "]": ("the list before this has ended", _AFTER_BRACKET),
    "}": ("the mapping before this has ended", _AFTER_BRACKET),
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
        return _misplaced_key(before, text, Place(file, mark.line + 1, mark.column + 1))
    words, hint = _PLAIN_WORDS.get(said, said), _hint(said, rest)
    if said == _NO_VALUE and _at_end(text, mark.line):
        mark, words, hint = _open_bracket(text) or mark, *_UNCLOSED
    if said in _EXPECTED:
        words, hint = _between(said, before.rstrip()[-1:], rest, unclosed=mark is opened) or (words, hint)
    return Problem("HW001", f"not valid YAML: {words}", Place(file, mark.line + 1, mark.column + 1), hint)


def _misplaced_key(before: str, text: str, place: Place) -> Problem:
    """A key that cannot stand where it does: it is indented too deep, or the line above has no colon."""
    column = len(before) - len(before.lstrip()) + 1
    for number in range(place.line - 1, 0, -1):
        above = line_of(text, number)
        if above.strip():
            break
    else:
        above, number = "", 0
    if _NO_COLON.fullmatch(above) and len(above) - len(above.lstrip()) + 1 == column:
        place = Place(place.file, number, column)
        return Problem("HW001", "not valid YAML: this line has no colon behind its key", place, _COLON)
    place = Place(place.file, place.line, column)
    return Problem("HW001", "not valid YAML: a key is not allowed here", place, _DEEPER)


def proposing(problem: Problem, text: str) -> Problem:
    """The same, with the value in quotes where those are all that is missing."""
    line = line_of(text, problem.place.line)
    curly = _CURLY.search(line) if problem.code == "HW001" else None
    if curly:
        return replace(problem, hint=f"{curly[0]} is no quote in YAML: write \" or ' in place of it")
    if problem.hint is None or not problem.hint.endswith(_IN_QUOTES):
        return problem
    quoted = quoted_value(line, problem.place.column - 1)
    return replace(problem, hint=f"{problem.hint}: {quoted}") if quoted else problem


def _between(said: str, before: str, rest: str, *, unclosed: bool) -> tuple[str, str] | None:
    """What is wrong, and what helps, where a thing has ended and something else stands behind it."""
    in_brackets = "','" in said
    if in_brackets and unclosed:
        return _UNCLOSED
    if in_brackets and rest[:1] in _CLOSING:
        return f"{said[-3:]} was expected in place of this bracket", _OTHER_BRACKET
    words, hint = _HAS_ENDED.get(before, ("", "")) if rest.strip() else ("", "")
    return (words, _NO_COMMA if in_brackets and hint is _AFTER_QUOTE else hint) if words else None


def _hint(said: str, rest: str) -> str | None:
    for part, hint in _HINTS:
        if part in said:
            return QUOTE_TEMPLATE if hint is _QUOTE_COLON and "{{" in rest else hint
    if said == _NO_VALUE:
        return _NEVER_OPENED if rest[:1] in _CLOSING else _NO_DASH if rest[:2] == "- " else None
    if "cannot start any token" in said:
        return _TAB if rest.startswith("\t") else f"a value that starts with {rest[:1]} must stand in quotes"
    return None


def _open_bracket(text: str) -> yaml.Mark | None:
    """Where the innermost bracket stands that is open when the text ends."""
    opened: list[yaml.Mark] = []
    for token in yaml.scan(text, Loader=yaml.CSafeLoader):
        if isinstance(token, yaml.FlowMappingStartToken | yaml.FlowSequenceStartToken):
            opened.append(token.start_mark)
        elif isinstance(token, yaml.FlowMappingEndToken | yaml.FlowSequenceEndToken) and opened:
            opened.pop()
    return opened[-1] if opened else None


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
