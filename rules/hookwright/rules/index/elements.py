"""Whether one choice of list elements makes a whole pattern true: array consistency.

Below a list of objects all conditions of a pattern must speak of the same element (and below lists inside it,
of the same inner element), while a plain value in a list is there for everyone. Trying every combination of
elements would be exponential in the number of lists. Instead:

1. What no choice can change is settled first. What is left is and/or over conditions below list elements.
2. Its branches are taken depth first; each way through is a *clause*, conditions that all must hold together.
   What is below different names of the event is decided apart. A clause that no element can meet as far as it
   goes is left at once, so where all choices are about one list and each element meets one branch of each, no
   more clauses are followed than it has elements. Where no condition is on absence, a walk as in 3 asks which
   conditions can be met together, and answers without clauses but where that takes too many sets.
3. A clause is checked by one walk over the event, see `walk`: linear in the event.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from .parts import Condition, Every, Never, Part, Some
from .paths import PathNode
from .reading import Reading
from .walk import Both, Either, Literal, Open, TooManySetsError, Walk

_Clause: TypeAlias = frozenset[Literal]
_NOTHING = Both(())  # a branch that asks for no more


def consistent(root: Part, reading: Reading) -> bool:
    """Whether some choice of elements makes the tree of a rule true."""
    settled = _settle(root, reading, absence=_speaks_of_absence(root, reading))
    if isinstance(settled, bool):
        return settled
    if not _chooses(settled):
        return _any_clause(settled, reading)
    return all(_can_be_true(part, reading) for part in _independent(settled, reading))


def _independent(settled: Open, reading: Reading) -> list[Open]:
    """The parts of a conjunction that have no list in common, for they are below different names."""
    if not (isinstance(settled, Both) and isinstance(reading.root, dict)):
        return [settled]
    below: dict[PathNode, list[Open]] = {}
    for part in settled.parts:
        names = {_name(literal.condition.place) for literal in _literals(part)}
        known = {id(group): group for name in names if (group := below.get(name)) is not None}
        joined = [part, *(each for group in known.values() for each in group)]
        if known:
            names.update(name for name, group in below.items() if id(group) in known)
        below.update(dict.fromkeys(names, joined))
    groups = {id(group): group for group in below.values()}
    return [Both(tuple(group)) for group in groups.values()]


def _name(place: PathNode) -> PathNode:
    """The place at the top that a place is below."""
    *_, name, _ = place.upward()
    return name


def _can_be_true(settled: Open, reading: Reading) -> bool:
    """Whether some choice of elements makes what is open true."""
    literals = frozenset(_literals(settled))
    if all(each.by_leaf for each in literals):
        walk = Walk(literals)
        try:
            answers = walk.answer(reading.root, reading.top, 0)
        except TooManySetsError:
            return _any_clause(settled, reading)
        return any(walk.meets(settled, answer) for answer in answers)
    return _any_clause(settled, reading)


def _literals(part: Open) -> Iterator[Literal]:
    if isinstance(part, Literal):
        yield part
    else:
        for each in part.parts if isinstance(part, Both) else part.branches:
            yield from _literals(each)


def _chooses(part: Open) -> bool:
    return isinstance(part, Either) or (isinstance(part, Both) and any(_chooses(each) for each in part.parts))


def _speaks_of_absence(part: Part, reading: Reading) -> bool:
    """Whether a condition of the tree may be met by a chosen element's lack of a field."""
    if isinstance(part, Condition):
        return part.absent and part.slot in reading.nested
    if isinstance(part, Never):
        return False
    below = part.parts if isinstance(part, Every) else part.branches
    return any(_speaks_of_absence(each, reading) for each in below)


def _settle(part: Part, reading: Reading, *, absence: bool) -> bool | Open:
    """True or False where no choice of elements matters; what is open otherwise."""
    if isinstance(part, Condition):
        return _settle_condition(part, reading)
    if isinstance(part, Never):
        return not part.rule.matches(reading)
    if isinstance(part, Every):
        return _settle_every(part, reading, absence=absence)
    return _settle_some(part, reading, absence=absence)


def _settle_every(part: Every, reading: Reading, *, absence: bool) -> bool | Open:
    open_parts: list[Open] = []
    for each in part.parts:
        settled = _settle(each, reading, absence=absence)
        if settled is False:
            return False
        if settled is not True:
            open_parts.append(settled)
    return Both(tuple(open_parts)) if open_parts else True


def _settle_some(part: Some, reading: Reading, *, absence: bool) -> bool | Open:
    """With `absence` a branch that is true anyway leaves the others open: one of them may choose an element,
    and only in a chosen element can a field be absent that other elements have.
    """
    open_branches: list[Open] = []
    decided = False
    for each in part.branches:
        settled = _settle(each, reading, absence=absence)
        if settled is True and not absence:
            return True
        if isinstance(settled, bool):
            decided = decided or settled
        else:
            open_branches.append(settled)
    if not open_branches:
        return decided
    return Either((_NOTHING, *open_branches) if decided else tuple(open_branches))


def _settle_condition(condition: Condition, reading: Reading) -> bool | Open:
    found = reading.at(condition.slot)
    if not found:
        return condition.absent
    held = any(map(condition.holds, found))
    if condition.slot not in reading.nested:
        return held
    ways = [Literal(condition, True)] if held else []
    ways += [Literal(condition, False)] if condition.absent else []
    if len(ways) == 2:
        return Either(tuple(ways))
    return ways[0] if ways else False


def _any_clause(start: Open, reading: Reading) -> bool:
    """Go through the clauses of `start`, depth first, until one can be met."""
    empty: _Clause = frozenset()
    work: list[tuple[tuple[Open, ...], _Clause]] = [((start,), empty)]
    while work:
        rest, clause = work.pop()
        choice, rest, clause = _advance(rest, clause)
        if choice is None:
            if _can_hold(clause, reading):
                return True
        elif _can_hold(clause, reading, more=True):
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


def _can_hold(clause: _Clause, reading: Reading, *, more: bool = False) -> bool:
    """Whether one choice of elements meets every condition of the clause, to which `more` may be added."""
    if len(clause) < 2 and all(literal.by_leaf for literal in clause):
        return True
    walk = Walk(clause, more=more)
    return walk.everything in walk.answer(reading.root, reading.top, walk.everything)
