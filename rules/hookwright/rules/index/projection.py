"""Decode of a JSON text only what patterns ask about.

For each object patterns reach into there is a struct with a field for each place below it; whatever else the
text holds is skipped over, never built. A field takes whatever stands there: for an inner place that is its
struct, or a list or plain value as it is.

A dotted key that would reach a place in a second way has a field, too, of a type nothing fits: the decoder
then refuses the text, and it is read whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final, TypeAlias

import msgspec

from .paths import PathNode
from .predicates import MISSING
from .source import is_wide, spellings, suits

_NOTHING: Final[Any] = Annotated[str, msgspec.Meta(pattern="(?!)")]
_MOST_SPELLINGS: Final = 500


Structs: TypeAlias = dict[PathNode, type[msgspec.Struct]]
"""The struct of the objects at a place."""


Decode: TypeAlias = Callable[[bytes], Any]
"""Makes structs of a JSON text, or raises `msgspec.MsgspecError` or `ValueError`: it is to be read whole."""


def decoder(top: PathNode) -> tuple[Decode, Structs]:
    """What makes structs of JSON texts, and which; for a tree they do not suit, it refuses every text."""
    structs: Structs = {}
    if not suits(top):
        return _refuse, {}
    try:
        return msgspec.json.Decoder(_struct(top, structs)).decode, structs
    except ValueError:  # a name with quotes or control characters in it, or too many names
        return _refuse, {}


def _refuse(raw: bytes) -> Any:  # noqa: ARG001 - in place of a decoder
    raise ValueError("to be read whole")


def _struct(node: PathNode, structs: Structs) -> type[msgspec.Struct]:
    dotted = spellings(node)
    if len(dotted) > _MOST_SPELLINGS:
        raise ValueError("too many ways to spell the names")
    names = {f"x{number}": key for number, key in enumerate(node.children)}
    fields: list[tuple[str, Any, Any]] = [
        (name, _type(node.children[key], structs), MISSING) for name, key in names.items()
    ]
    names |= {f"dotted{number}": key for number, key in enumerate(dotted)}
    fields += [(name, _NOTHING, None) for name in list(names)[len(fields) :]]
    structs[node] = msgspec.defstruct("Object", fields, rename=names, gc=False)
    return structs[node]


def _type(node: PathNode, structs: Structs) -> Any:
    if not node.children or is_wide(node):
        return Any
    return _struct(node, structs) | list[Any] | str | int | float | bool | None
