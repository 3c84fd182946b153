"""Writes values as YAML that people read and edit, and that our own reader takes for the same values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from .builder import JSON
from .scalars import plain


def to_yaml(value: Mapping[str, JSON]) -> str:
    """A document in block style, keys in the order they have. Text that could be taken for more is quoted.

    What would not be seen, or would reorder what is, stands escaped: it can be shown on a terminal.
    """
    text: str = yaml.dump(
        value,
        Dumper=_Writer,
        allow_unicode=True,
        default_flow_style=False,
        sort_keys=False,
        width=float("inf"),
    )
    return text if text.isascii() else "".join(map(_visible, text))


class _Writer(yaml.SafeDumper):
    """PyYAML reads YAML 1.1 and quotes for it; what only YAML 1.2 takes for a number is quoted here."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:  # noqa: ARG002
        return super().increase_indent(flow, False)  # lists stand inside what they belong to

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _text(writer: _Writer, text: str) -> yaml.ScalarNode:
    style = None if _is_plain(text) and text.isprintable() else '"'
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _visible(character: str) -> str:
    """PyYAML leaves some unprintable characters as they are; all stand in double quotes (`_text`)."""
    if character.isprintable() or character == "\n":
        return character
    return f"\\u{ord(character):04X}" if character <= "\uffff" else f"\\U{ord(character):08X}"


def _is_plain(text: str) -> bool:
    try:
        return plain(text) == text
    except ValueError:
        return False


_Writer.add_representer(str, _text)
