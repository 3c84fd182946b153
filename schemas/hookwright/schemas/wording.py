"""The words problems are made of: what each form is called, what a value looks like, what to write."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from .credentials import without_credentials
from .schema import NOT_YET

# form -> (code, what is expected, what to write)
FORMS: dict[str, tuple[str, str, str | None]] = {
    "duration": ("HW017", "a duration", "write 30s, 5m or 1h30m: largest unit first"),
    "positive duration": (
        "HW017",
        "a duration above zero",
        "write 30s, 5m or 1h30m: largest unit first",
    ),
    "short duration": ("HW017", "a duration from 1s to 30s", "write it in whole seconds, such as 5s"),
    "mail address": ("HW016", "a mail address", "write it as ops@example.com or Ops <ops@example.com>"),
    "size": ("HW017", "a size", "write 512B, 256KiB or 1MiB"),
    "rate": ("HW017", "a rate", "write 10/s, 600/m or 1000/h"),
    "id": ("HW016", "an id", "small letters, digits and hyphens, at most 63, the first no hyphen"),
    "url": ("HW016", "an address to call", "it starts with https:// or http:// and a host"),
    "schema file": ("HW016", "a file of the bundle", "its name ends in .json"),
    "status": ("HW016", "a status code", "write 200, or a class such as 2xx"),
    "header": ("HW016", "the value of a header", "one line of characters in Latin-1"),
    "header name": ("HW016", "the name of a header", "letters, digits and hyphens"),
    "label name": ("HW016", "the name of a label", "letters, digits and . _ / -, at most 63"),
    "content type": ("HW016", "a content type", "write it as application/json"),
    "instant": ("HW016", "an instant", "write it with its zone: 2026-11-23T09:00:00+01:00"),
    "time of day": ("HW016", "a time of day", 'write "08:00", in quotes'),
    "field": ("HW016", "the way to a field", "write the names that lead to it: event.kind"),
    "variable": ("HW016", "the name of a variable", "small letters, digits and _"),
}
TYPES: dict[str, str] = {
    "string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
    "array": "a list", "object": "a mapping", "null": "nothing",
}  # fmt: skip
BOUNDS: dict[str, str] = {
    "minimum": "must be at least {}", "maximum": "must be at most {}",
    "exclusiveMinimum": "must be more than {}", "exclusiveMaximum": "must be less than {}",
    "minLength": "must have at least {} characters", "maxLength": "must have at most {} characters",
    "minItems": "must have at least {} entries", "maxItems": "must have at most {} entries",
    "minProperties": "must have at least {} entries", "maxProperties": "must have at most {} entries",
}  # fmt: skip
_PLAIN_KEY = re.compile(r'"([\w-]+)":')
TEXT = "text or a reference to a secret"
REFERENCE = "write a reference, such as {env: NAME} or {file: name}"


def subject(path: Sequence[str | int]) -> str:
    """What a sentence is about: the nearest key, with the number of the entry when it is one of a list."""
    if not path:
        return "the file"
    names = [step for step in path if isinstance(step, str)]
    if isinstance(path[-1], int):
        return f'entry {path[-1] + 1} of "{cut(names[-1])}"' if names else f"entry {path[-1] + 1}"
    return f'"{cut(names[-1])}"'


def inside(path: Sequence[str | int]) -> str:
    """` in "retry"`; nothing at the top of the file."""
    return f" in {subject(path)}" if path else ""


def show(value: Any) -> str:
    """The value as JSON, long texts shortened, without a URL's secrets; collections only by their kind."""
    if isinstance(value, list | dict):
        return kind(value)
    if isinstance(value, str):
        value = without_credentials(value)
        value = f"{value[:54]}..." if len(value) > 57 else value
    return cut(json.dumps(value, ensure_ascii=False), 100)


def kind(value: Any) -> str:
    """`the text "30"`, `a list`, `nothing`."""
    if isinstance(value, list | dict):
        return TYPES["array" if isinstance(value, list) else "object"]
    if value is None:
        return TYPES["null"]
    name = "text" if isinstance(value, str) else "number"
    return show(value) if isinstance(value, bool) else f"the {name} {show(value)}"


def cut(text: str, most: int = 60) -> str:
    """The text on one line, shortened."""
    line = "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[: most + 1]
    )
    return line if len(line) <= most else f"{line[: most - 3]}..."


def some(names: Sequence[str], most: int = 20) -> str:
    """The names with commas, the first ones of very many."""
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")


def type_hint(value: Any, wanted: Sequence[str], written: str = "") -> str | None:
    """What to write for a value of the wrong type, where that is plain; `written` is how it stands there."""
    if "string" in wanted and isinstance(value, bool | int | float):
        return f'put it in quotes: "{cut(written or json.dumps(value))}"'
    if value is None:
        return "write a value after the colon, or remove the key"
    if wanted == ["array"]:
        return "each entry of a list starts with '- '"
    if isinstance(value, str) and value.strip().lower() in {"yes", "no", "on", "off"} and "boolean" in wanted:
        return "write true or false"
    if isinstance(value, str) and "array" in wanted and value:
        return f"put it in brackets: [{cut(value)}]"
    return _plain_number(value, wanted) or ("remove the quotes" if _quoted(value, wanted) else None)


def example(schema: Mapping[str, Any], wanted: Sequence[str]) -> str | None:
    """An example of the schema's own for a mapping that is none: `such as {attempts: 3}`."""
    fitting = [each for each in schema.get("examples", ()) if isinstance(each, dict) and each]
    if "object" not in wanted or not fitting:
        return None
    shown = _PLAIN_KEY.sub(r"\1:", json.dumps(fitting[0], ensure_ascii=False))
    return f"such as {shown}" if len(shown) <= 80 else None


def strange_space(name: str) -> str | None:
    """For a key with a blank in it that looks like a space and is none."""
    strange = next(
        (letter for letter in name if unicodedata.category(letter) == "Zs" and letter != " "), None
    )
    return f"U+{ord(strange):04X} is no space; replace it with one" if strange else None


def later(schema: Any) -> bool:
    """Whether a key is not supported yet, so that it is not offered."""
    return isinstance(schema, dict) and schema.get(NOT_YET) is True


def _plain_number(value: Any, wanted: Sequence[str]) -> str | None:
    """For what only YAML 1.1 took for a number: `010`, `1_000`."""
    digits = value.replace("_", "").lstrip("0") if isinstance(value, str) else ""
    if {"integer", "number"} & set(wanted) and digits.isascii() and digits.isdigit() and digits != value:
        return f"write {digits}"
    return None


def _quoted(value: Any, wanted: Sequence[str]) -> bool:
    if not isinstance(value, str):
        return False
    return ("boolean" in wanted and value in {"true", "false"}) or (
        bool({"integer", "number"} & set(wanted)) and value.isascii() and value.isdigit()
    )
