"""Patterns that are looked at together, because something they all need is there.

A *fact* is something an event may show: a leaf of a place is this text, begins so, lies in this range. A fact
is itself the group of the patterns that are looked up by it, so finding facts is finding patterns. What else
a pattern needs that is a fact, too, is compared as a set, which costs some 50 ns a pattern; the rest is asked
leaf by leaf, of the few patterns that come so far. In a large group a second fact leads to a group below it.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import TypeAlias

from .parts import Condition, Part
from .reading import Leaves, Reading, Source
from .rule import Rule

_NONE: frozenset[int] = frozenset()


class Candidate:
    """A clause of a pattern that is looked at when the facts it `needs` are there.

    `asked` and `more` are what is left to ask then, where no lists of objects play a part.
    """

    __slots__ = ("asked", "id", "more", "needs", "rule")

    def __init__(self, rule: Rule, needs: Facts, asked: tuple[Condition, ...], more: Part | None) -> None:
        self.id = rule.id
        self.rule = rule
        self.needs = needs
        self.asked = asked
        self.more = more


class Group:
    """A fact, and who is looked up by it.

    `sure` are the ids of patterns that need nothing else; `candidates` may need more; whoever is in a group
    of `below` needs the fact it is under.
    """

    __slots__ = ("below", "candidates", "sure")

    def __init__(self) -> None:
        self.sure: tuple[str, ...] = ()
        self.candidates: tuple[Candidate, ...] = ()
        self.below: dict[Group, Group] = {}

    @property
    def is_empty(self) -> bool:
        """Whether nobody is looked up by it: it is only needed beside other facts."""
        return not (self.sure or self.candidates or self.below)


Facts: TypeAlias = frozenset[Group]


def matching(facts: Iterable[Group], leaves: Leaves, nested: Set[int], source: Source) -> list[str]:
    """The ids of the patterns that match an event that shows these facts. An id may come twice.

    This and what it calls first is the innermost loop of matching, which calls nothing it can do itself.
    """
    found, candidates = _reached(facts)
    if nested:
        choosing = {each.rule for each in candidates if each.rule.chooses(nested)}
        candidates = [each for each in candidates if each.rule not in choosing]
        reading = Reading(leaves, nested, source)
        found += [rule.id for rule in choosing if rule.matches(reading)]
    for candidate in candidates:
        for condition in candidate.asked:
            leaf = leaves[condition.slot]
            if not (any(map(condition.holds, leaf)) if type(leaf) is tuple else condition.holds(leaf)):
                break
        else:
            if candidate.more is None or candidate.more.true_of(Reading(leaves, nested, source), _NONE):
                found.append(candidate.id)
    return found


def _reached(facts: Iterable[Group]) -> tuple[list[str], list[Candidate]]:
    """The ids of the patterns that surely match, and the candidates that need no other facts."""
    known = set(facts)
    groups = list(known)
    are_there = known.issuperset
    sure: list[str] = []
    candidates: list[Candidate] = []
    for group in groups:  # which grows on the way
        if group.sure:
            sure += group.sure
        for candidate in group.candidates:
            if are_there(candidate.needs):
                candidates.append(candidate)  # noqa: PERF401 - a comprehension is a call
        if group.below:
            groups += map(group.below.__getitem__, group.below.keys() & known)
    return sure, candidates
