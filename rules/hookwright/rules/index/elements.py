"""Whether one choice of list elements makes a whole pattern true: array consistency.

Below a list of objects all conditions of a pattern must speak of the same element (and below lists inside it,
of the same inner element), while a plain value in a list is there for everyone. Trying every combination of
elements would be exponential in the number of lists. Instead:

1. What no choice can change is settled first. What is left is and/or over conditions below list elements.
2. Its branches are taken depth first; each way through is a *clause*, conditions that all must hold together.
   A clause whose conditions on values already contradict each other is left at once.
3. A clause is checked by one walk over the event. Conditions below different keys of an object never share an
   element, so an object asks each key by itself; a list asks one element after the other for all that is
   still open. Every part of the event is looked at once a clause: the time is linear in the event.

The one exception to 3 is an event that spells one field twice, as `a.b` and as `a: {b: ...}`: a condition may
then be met on either way. The walk therefore answers with *sets* of conditions met (bits of an integer);
without such doubles there is never more than one set. Larger sets make smaller ones needless, except beside a
condition on absence: there a list left alone differs from one chosen from, so each set says who was met here.

A condition that a field is absent holds where the chosen elements have no such leaf. It chooses no element
itself: a list nobody else chose from must lack the field in all of its elements.

The walk is written as generators that yield the questions they need answered, so depth costs no stack.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple, TypeAlias

from ..event import JSON
from ..pattern.operators import Scalar
from .leaves import Leaves
from .parts import Condition, Every, Never, Part
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
_Clause: TypeAlias = frozenset[Literal]
_Question: TypeAlias = tuple[JSON, PathNode, int]
_Answer: TypeAlias = set[int]


def consistent(root: Part, leaves: Leaves) -> bool:
    """Whether some choice of elements makes the tree of a rule true."""
    settled = _settle(root, leaves)
    return settled if isinstance(settled, bool) else _any_clause(settled, leaves)


def _settle(part: Part, leaves: Leaves) -> bool | Open:
    """True or False where no choice of elements matters; what is open otherwise."""
    if isinstance(part, Condition):
        return _settle_condition(part, leaves)
    if isinstance(part, Never):
        return not part.rule.matches(leaves)
    conjunction = isinstance(part, Every)
    below = part.parts if isinstance(part, Every) else part.branches
    open_parts: list[Open] = []
    for each in below:
        settled = _settle(each, leaves)
        if isinstance(settled, bool):
            if settled != conjunction:
                return settled
        else:
            open_parts.append(settled)
    if not open_parts:
        return conjunction
    return Both(tuple(open_parts)) if conjunction else Either(tuple(open_parts))


def _settle_condition(condition: Condition, leaves: Leaves) -> bool | Open:
    values = leaves.found.get(condition.place)
    if values is None:
        return condition.absent
    held = any(condition.holds(value) for value in values)
    if condition.place not in leaves.nested:
        return held
    ways = [Literal(condition, True)] if held else []
    ways += [Literal(condition, False)] if condition.absent else []
    if len(ways) == 2:
        return Either(tuple(ways))
    return ways[0] if ways else False


def _any_clause(start: Open, leaves: Leaves) -> bool:
    """Go through the clauses of `start`, depth first, until one can be met."""
    empty: _Clause = frozenset()
    work: list[tuple[tuple[Open, ...], _Clause]] = [((start,), empty)]
    while work:
        rest, clause = work.pop()
        choice, rest, clause = _advance(rest, clause)
        if choice is None:
            if _can_hold(clause, leaves):
                return True
        elif _can_hold(frozenset(each for each in clause if each.by_leaf), leaves):
            work.extend(((branch, *rest), clause) for branch in reversed(choice.branches))
    return False


def _advance(rest: tuple[Open, ...], clause: _Clause) -> tuple[Either | None, tuple[Open, ...], _Clause]:
    """Take conditions into the clause until only choices are left; the first one, and what else is open."""
    choices: list[Open] = []
    taken = set(clause)
    work = list(reversed(rest))
    while work:
        part = work.pop()
        if isinstance(part, Literal):
            taken.add(part)
        elif isinstance(part, Both):
            work.extend(reversed(part.parts))
        else:
            choices.append(part)
    first = choices.pop(0) if choices else None
    return (first if isinstance(first, Either) else None), tuple(choices), frozenset(taken)


def _can_hold(clause: _Clause, leaves: Leaves) -> bool:
    """Whether one choice of elements meets every condition of the clause."""
    if len(clause) < 2 and all(literal.by_leaf for literal in clause):
        return True
    walk = _Walk(clause)
    return walk.everything in walk.answer(leaves.root, leaves.top)


class _Walk:
    """One walk over an event for one clause. Each condition on a value is a bit."""

    def __init__(self, clause: _Clause) -> None:
        self.everything = 0
        self._tests: dict[PathNode, list[tuple[int, Condition]]] = {}
        self._below: dict[PathNode, int] = {}
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
            self._tests.setdefault(place, []).append((bit, literal.condition))
        else:
            self._absent.add(place)
            self._absent_below.update(place.upward())
        for node in place.upward():
            self._below[node] = self._below.get(node, 0) | bit

    def answer(self, value: JSON, node: PathNode) -> _Answer:
        """The sets of conditions met together; none when an absent field is there, or not all can be met."""
        stack = [self._outcomes(value, node, self.everything)]
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
                answers = self._largest(
                    {one | other for one in answers for other in here if not (self._absent and one & other)}
                )
        return {answer for answer in answers if not needed & ~answer}

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
                answers.update(one | met for one in plainly for met in here if met)
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
