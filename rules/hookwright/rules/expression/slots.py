"""Slots: the places of a text that are filled in, so that what they hold can be kept apart from the text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from ..event import JSON
from .sandbox import SANDBOX
from .template import STATEMENT, is_template


@dataclass(frozen=True, slots=True)
class Slot:
    """A place to be filled in. `template` is what makes its text: `{{ data.Id }}`."""

    template: str


Piece: TypeAlias = "str | Slot"


@lru_cache(maxsize=4096)  # once for each text of a bundle, not for each call
def pieces(text: str) -> tuple[Piece, ...]:
    """A valid text cut into what stands as it is and its slots.

    One that decides, repeats or sets names is a single slot: its parts mean nothing without each other.
    """
    if not is_template(text):
        return (text,)
    return (Slot(text),) if STATEMENT in text else tuple(_pieces(text))


def slots(text: str) -> tuple[str, ...]:
    """The templates of a text's slots."""
    return tuple(piece.template for piece in pieces(text) if isinstance(piece, Slot))


def slots_in(tree: JSON) -> Iterator[str]:
    """The templates of all slots in a tree."""
    if isinstance(tree, str):
        yield from slots(tree)
    elif isinstance(tree, list | dict):
        for each in tree.values() if isinstance(tree, dict) else tree:
            yield from slots_in(each)


def written(text: str, values: Mapping[str, str], spelt: Callable[[str], str] = str) -> str:
    """The text with what its slots hold, each as `spelt`. Raises LookupError for one that holds nothing."""
    return "".join(
        spelt(values[piece.template]) if isinstance(piece, Slot) else piece for piece in pieces(text)
    )


def _pieces(text: str) -> Iterator[Piece]:
    inside: str | None = None
    for _, kind, value in SANDBOX.lexer.tokeniter(text, None):
        if kind == "variable_begin":
            inside = ""
        elif kind == "variable_end":
            yield Slot(f"{{{{ {(inside or '').strip()} }}}}")
            inside = None
        elif inside is not None:
            inside += value
        elif kind == "data":
            yield value
