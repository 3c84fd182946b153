"""Which list elements make a pattern true, told the obvious way: by trying one choice after the other.

A *choice* says for some lists which element is meant. Every condition on a value extends the choice by the
elements that value lies in, or contradicts it; then the next value is tried. What was tried is not tried
again, and the work is bounded: who needs an answer beyond that asks the index.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from ..pattern.operators import Scalar
from ..pattern.syntax import All, AnyOf, Field, Node, Not
from .leaves import Choice, Leaves, Path

_Pairs: TypeAlias = frozenset[tuple[int, int]]

MOST_STEPS = 50_000  # values and parts looked at for one pattern or part of one
MOST_IN_ALL = 3 * MOST_STEPS  # for a pattern with all its parts, but for those that take just a few
FEW = MOST_STEPS // 100


class TooManyError(Exception):
    """More combinations than are tried."""


def meets(condition: Field, value: Scalar) -> bool:
    """Whether a value is one of those a field asks for."""
    return any(test.holds(value) for test in condition.tests)


def agree(leaf: Choice, choice: Choice) -> bool:
    """Whether a value can be there under a choice: no list of which both speak is chosen from differently."""
    return all(choice.get(number, position) == position for number, position in leaf.items())


@dataclass(frozen=True, slots=True, eq=False)
class _Todo:
    """The parts that must still be met, the next one first."""

    part: Node
    rest: _Todo | None


class _State(NamedTuple):
    """How far a try has come: elements chosen, fields that must be absent there, what is still to be met."""

    pairs: _Pairs
    absent: frozenset[Path]
    todo: _Todo | None


_END = _State(frozenset(), frozenset(), _Todo(All(()), None))
_CONTRADICTION = _State(frozenset(), frozenset(), _Todo(All(()), None))  # counts as a step, and leads nowhere


@dataclass(frozen=True, slots=True)
class _Ways:
    """The elements that each value a field takes lies in, every such choice once.

    Where all of them choose from the list `number`, `at` has them by the position they choose there.
    """

    all: tuple[_Pairs, ...]
    number: int | None
    at: dict[int, list[_Pairs]]

    def under(self, chosen: Choice) -> Sequence[_Pairs]:
        """Those that may fit a choice: what surely contradicts it is left out."""
        position = chosen.get(self.number) if self.number is not None else None
        return self.all if position is None else self.at.get(position, ())


@dataclass(slots=True)
class Choices:
    """Answers for the leaves of one event; remembers each answer, and how many `steps` all of them took."""

    leaves: Leaves
    _known: dict[int, Choice | None] = field(default_factory=dict)
    _ways: dict[int, _Ways] = field(default_factory=dict)
    steps: int = 0

    def winning(self, node: Node) -> Choice | None:
        """A choice of elements under which the node, taken alone, is true; None when there is none.

        Raises `TooManyError`.
        """
        if id(node) not in self._known:
            self._known[id(node)] = self._search(node)
        return self._known[id(node)]

    def takes(self, condition: Field) -> bool:
        """Whether there is a value that the field takes."""
        return bool(self._ways_of(condition).all)

    def _search(self, node: Node) -> Choice | None:
        """Depth first; the tries are generators, so that only those are made that are looked at."""
        tried = {_CONTRADICTION}
        work = [self._next(_State(frozenset(), frozenset(), None), _Todo(node, None))]
        most = min(MOST_STEPS, max(MOST_IN_ALL - self.steps, FEW))
        steps = 0
        while work:
            steps += 1
            self.steps += 1
            if steps > most:
                raise TooManyError
            state = next(work[-1], _END)
            if state is _END:
                work.pop()
            elif state.todo is None:
                steps += sum(len(self.leaves.at(path)) for path in state.absent)
                if self._lacks(state):
                    return dict(state.pairs)
            elif state not in tried:
                tried.add(state)
                work.append(self._next(state, state.todo))
        return None

    def _lacks(self, state: _State) -> bool:
        """Whether what must be absent is absent in the elements that were chosen."""
        choice = dict(state.pairs)
        return not any(agree(leaf.choice, choice) for path in state.absent for leaf in self.leaves.at(path))

    def _next(self, state: _State, todo: _Todo) -> Iterator[_State]:
        """The ways to meet the next part."""
        part, rest = todo.part, todo.rest
        if isinstance(part, Field):
            chosen = dict(state.pairs)
            for way in self._ways_of(part).under(chosen):
                fits = all(chosen.get(number, position) == position for number, position in way)
                yield _State(state.pairs | way, state.absent, rest) if fits else _CONTRADICTION
            if part.absent:
                yield _State(state.pairs, state.absent | {part.path}, rest)
        elif isinstance(part, Not):
            if self.winning(part.part) is None:  # what stands under `$not` chooses for itself
                yield state._replace(todo=rest)
        elif isinstance(part, AnyOf):
            for branch in part.branches:
                yield state._replace(todo=_Todo(branch, rest))
        else:
            yield state._replace(todo=_before(part.parts, rest))

    def _ways_of(self, condition: Field) -> _Ways:
        known = self._ways.get(id(condition))
        if known is None:
            taken = [leaf for leaf in self.leaves.at(condition.path) if meets(condition, leaf.value)]
            known = self._ways[id(condition)] = _ways([leaf.choice for leaf in taken])
        return known


def _before(parts: tuple[Node, ...], rest: _Todo | None) -> _Todo | None:
    for part in reversed(parts):
        rest = _Todo(part, rest)
    return rest


def _ways(choices: list[dict[int, int]]) -> _Ways:
    every = tuple(dict.fromkeys(frozenset(choice.items()) for choice in choices))
    shared = set.intersection(*(set(choice) for choice in choices)) if choices else set()
    number = min(shared, default=None)
    at: dict[int, list[_Pairs]] = {}
    if number is not None:
        for way in every:
            at.setdefault(dict(way)[number], []).append(way)
    return _Ways(every, number, at)
