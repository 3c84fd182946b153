"""One walk over an event that tells which conditions can be met together.

Conditions below different keys of an object never share a list element, so an object asks each key by itself;
a list asks one element after the other for all that is still open. Every part of the event is looked at once:
where all conditions are needed, the time is linear in the event.

The exception is an event that spells one field twice, as `a.b` and as `a: {b: ...}`: a condition may then be
met on either way. The walk therefore answers with *sets* of conditions met (bits of an integer); with all
conditions needed and no such doubles there is never more than one set. Larger sets make smaller ones
needless, except beside a condition on absence: there a list left alone differs from one chosen from, so a set
says who was met just here.

A condition that a field is absent holds where the chosen elements have no such leaf. It chooses no element
itself: a list nobody else chose from must lack the field in all of its elements.

The walk is written as generators that yield the questions they need answered, so depth costs no stack.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple, TypeAlias

from ..event import JSON
from ..pattern.operators import Scalar
from .parts import Condition
from .paths import PathNode


class Literal(NamedTuple):
    """One way to meet a condition: by a leaf, or (`by_leaf` false) by there being none."""

    condition: Condition
    by_leaf: bool


class Both(NamedTuple):
    """Open parts that must all hold."""

    parts: tuple[Open, ...]


class Either(NamedTuple):
    """Open branches, one of which must hold."""

    branches: tuple[Open, ...]


Open: TypeAlias = Literal | Both | Either
_Question: TypeAlias = tuple[JSON, PathNode, int]
_Answer: TypeAlias = set[int]


class TooManySetsError(Exception):
    """More sets of conditions than it pays to go on with."""


_MOST_SETS = 20_000
"""So many sets may come of combining those of one list with those of others. Those of one are just asked."""
_MOST_COMPARED = 200
"""More sets than this are not held against each other: that grows with their square."""


class Walk:
    """Walks over an event for some conditions. Each condition on a value is a bit.

    With `more`, others may be added: they may choose from a list that nobody chooses from now.
    """

    def __init__(self, clause: frozenset[Literal], *, more: bool = False) -> None:
        self.everything = 0
        self._more = more
        self._all_needed = True
        self._tests: dict[PathNode, list[tuple[int, Condition]]] = {}
        self._below: dict[PathNode, int] = {}
        self._bits: dict[Literal, int] = {}
        self._absent: set[PathNode] = set()
        self._absent_below: set[PathNode] = set()
        for literal in clause:
            self._take(literal)

    def _take(self, literal: Literal) -> None:
        place = literal.condition.place
        bit = 0
        if literal.by_leaf:
            bit = self.everything + 1
            self.everything |= bit
            self._bits[literal] = bit
            self._tests.setdefault(place, []).append((bit, literal.condition))
        else:
            self._absent.add(place)
            self._absent_below.update(place.upward())
        for node in place.upward():
            self._below[node] = self._below.get(node, 0) | bit

    def meets(self, part: Open, answer: int) -> bool:
        """Whether the conditions of a set make `part` true."""
        if isinstance(part, Literal):
            return bool(self._bits[part] & answer)
        if isinstance(part, Both):
            return all(self.meets(each, answer) for each in part.parts)
        return any(self.meets(each, answer) for each in part.branches)

    def answer(self, value: JSON, node: PathNode, needed: int) -> _Answer:
        """The sets of conditions met together, of those with all of `needed` in them.

        None when an absent field is there. Raises `TooManySetsError` only when not everything is needed.
        """
        self._all_needed = needed == self.everything
        stack = [self._outcomes(value, node, needed)]
        answer: _Answer | None = None
        while True:
            try:
                question = stack[-1].send(answer)  # type: ignore[arg-type] # None starts a generator
            except StopIteration as end:
                stack.pop()
                answer = end.value
                if not stack:
                    return end.value  # type: ignore[no-any-return]
            else:
                stack.append(self._outcomes(*question))
                answer = None

    def _outcomes(self, value: JSON, node: PathNode, needed: int) -> Generator[_Question, _Answer, _Answer]:
        """Sets of conditions met at or below `node`, each with all of `needed` in it."""
        if isinstance(value, dict):
            return (yield from self._object(value, node, needed))
        if isinstance(value, list):
            return (yield from self._list(value, node, needed))
        return set() if node in self._absent else self._sets(self._met(value, node), needed)

    def _object(
        self, value: dict[str, JSON], node: PathNode, needed: int
    ) -> Generator[_Question, _Answer, _Answer]:
        ways = [(under, target) for under, target in node.entered_by(value) if target in self._below]
        reachable = doubled = 0
        for _, target in ways:
            doubled |= reachable & self._below[target]
            reachable |= self._below[target]
        answers = {0} if not needed & ~reachable else set()
        for under, target in ways:
            if answers:
                here = yield under, target, needed & self._below[target] & ~doubled
                answers = self._combined(answers, here)
        return {answer for answer in answers if not needed & ~answer}

    def _combined(self, some: _Answer, others: _Answer) -> _Answer:
        """Each set with each set that is met beside it."""
        if not self._all_needed and min(len(some), len(others)) > 1 and len(some) * len(others) > _MOST_SETS:
            raise TooManySetsError
        return self._largest(
            {one | other for one in some for other in others if not (self._absent and one & other)}
        )

    def _list(self, value: list[JSON], node: PathNode, needed: int) -> Generator[_Question, _Answer, _Answer]:
        plain: list[Scalar] = [each for each in value if not isinstance(each, dict | list)]
        if plain and node in self._absent:
            return set()
        free = 0
        for leaf in plain:
            free |= self._met(leaf, node)
        plainly = self._sets(free, needed & free)
        open_ = needed & ~free
        answers = set(plainly) if not open_ and self._lacks(value, node) else set()
        everything = self._below[node]
        for each in value:
            if isinstance(each, dict | list):
                here = yield each, node, open_
                answers.update(one | met for one in plainly for met in here if met or self._more)
                if everything in answers and (needed == everything or not self._absent):
                    return {everything}
        return self._largest(answers)

    def _sets(self, met: int, needed: int) -> _Answer:
        """The sets to answer with where `met` are met: all that hold `needed`, or just the largest."""
        if needed & ~met:
            return set()
        if not self._absent:
            return {met}
        spare = met & ~needed
        sets, more = {needed}, spare
        while more:
            sets.add(needed | more)
            more = (more - 1) & spare
        return sets

    def _largest(self, answers: _Answer) -> _Answer:
        """The sets that are in no other one, where the others are needless."""
        if len(answers) < 2 or self._absent:
            return answers
        if len(answers) > _MOST_COMPARED and not self._all_needed:
            return answers
        return {one for one in answers if not any(one != other and one & ~other == 0 for other in answers)}

    def _met(self, value: Scalar, node: PathNode) -> int:
        met = 0
        for bit, condition in self._tests.get(node, ()):
            if condition.holds(value):
                met |= bit
        return met

    def _lacks(self, value: JSON, node: PathNode) -> bool:
        """Whether no field that must be absent has a leaf anywhere in `value`."""
        work: list[tuple[JSON, PathNode]] = [(value, node)]
        while work:
            here, at = work.pop()
            if at not in self._absent_below:
                continue
            if isinstance(here, dict):
                work.extend(at.entered_by(here))
            elif isinstance(here, list):
                work.extend((each, at) for each in here)
            elif at in self._absent:
                return False
        return True
