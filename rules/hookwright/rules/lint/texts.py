"""The tests of text as shapes: how the text begins and ends, and whether nothing may stand between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ..pattern.operators import EqualsIgnoreCase, Exact, Prefix, Suffix, Test, Wildcard

TextTest: TypeAlias = Exact | Prefix | Suffix | EqualsIgnoreCase | Wildcard

_STRANGERS = ("\ufdd0", "\ufdd1", "\ufdd2")  # noncharacters: folding leaves them alone


@dataclass(frozen=True, slots=True)
class Shape:
    """Text of `parts` in order with anything between them, as in `Wildcard`; one part is the whole text.

    With `folded` the parts are casefolded and say something of the casefolded text.
    """

    parts: tuple[str, ...]
    folded: bool = False

    def excludes(self, other: Shape) -> bool:
        """Whether no text has both shapes, as far as beginnings and ends tell."""
        mine, theirs = self, other
        if self.folded or other.folded:  # what holds of a text holds, folded, of the folded text
            mine, theirs = self.fold(), other.fold()
        return not (_meet(mine.starts(), theirs.starts()) and _meet(mine.ends(), theirs.ends()))

    def fold(self) -> Shape:
        return self if self.folded else Shape(tuple(part.casefold() for part in self.parts), folded=True)

    def starts(self) -> tuple[str, bool]:
        """What the text begins with, and whether it is all of it."""
        return self.parts[0], len(self.parts) == 1

    def ends(self) -> tuple[str, bool]:
        """The end likewise, turned round so that it compares as a beginning."""
        return self.parts[-1][::-1], len(self.parts) == 1


def shape_of(test: Test) -> Shape | None:
    """The shape a test of text asks for; None for tests of anything else."""
    if isinstance(test, Exact):
        return Shape((test.value,)) if isinstance(test.value, str) else None
    if isinstance(test, EqualsIgnoreCase):
        return Shape((test.text.casefold(),), folded=True)
    if isinstance(test, Prefix):
        return _cased((test.text, ""), ignore_case=test.ignore_case)
    if isinstance(test, Suffix):
        return _cased(("", test.text), ignore_case=test.ignore_case)
    return Shape(test.parts) if isinstance(test, Wildcard) else None


def takes_all_text(test: Test) -> bool:
    """Whether a test of text asks nothing of it, as `{prefix: ""}` and `{wildcard: "*"}` do."""
    shape = shape_of(test)
    return shape is not None and len(shape.parts) > 1 and not any(shape.parts)


def example(shape: Shape, test: Test) -> str | None:
    """A text of this shape with a character in each gap that `test` nowhere names.

    When `test` holds for it, it holds for whatever else stands in the gaps. None when there is no such
    character.
    """
    named = shape_of(test)
    used = "".join((*shape.parts, *(named.parts if named else ())))
    stranger = next((each for each in _STRANGERS if each not in used), None)
    return None if stranger is None else stranger.join(shape.parts)


def _cased(parts: tuple[str, str], *, ignore_case: bool) -> Shape:
    return Shape(parts).fold() if ignore_case else Shape(parts)


def _meet(one: tuple[str, bool], other: tuple[str, bool]) -> bool:
    (mine, mine_whole), (theirs, theirs_whole) = one, other
    if mine_whole and theirs_whole:
        return mine == theirs
    if mine_whole:
        return mine.startswith(theirs)
    if theirs_whole:
        return theirs.startswith(mine)
    return mine.startswith(theirs) or theirs.startswith(mine)
