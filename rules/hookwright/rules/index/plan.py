"""Choose by which facts each pattern is looked up, and put the patterns under them.

A clause is looked up by the condition for which that costs least, see `odds`: by the marks of the condition,
or, where it has none, by asking every event for it. A clause that needs no leaf at all is always looked at.
Only tables that somebody is looked up by, or that many patterns have conditions in, are read for each event;
all other conditions are asked of candidates alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from .clauses import Clause
from .conditions import Conditions
from .group import Candidate, Facts, Group
from .marks import Mark, Table
from .odds import Odds
from .parts import Condition
from .sense import Sense

_CROWD: Final = 12
"""A group with more candidates than this is divided by second facts."""
_WORTHWHILE: Final = 40
"""A table with so many conditions in it pays, even if no pattern is looked up by it."""
_SELECTIVE: Final = 0.3
_FEW: Final = 3
"""What is met more often than `_SELECTIVE`, or has more than a `_FEW` marks, does not divide well. Nor does
one that comes after a few: a pattern with many alternatives would stand in too many groups."""


class Plan:
    """The senses of all places, and the groups under their facts."""

    def __init__(self, clauses: Sequence[Clause], conditions: Conditions) -> None:
        self._conditions = conditions
        self._odds = Odds(conditions)
        self.senses = [Sense() for _ in conditions.places]
        self.always = Group()
        self._whole: dict[Condition, Group] = {}
        self._needs: dict[Facts, Facts] = {}
        keys = [self._key(clause.conditions) for clause in clauses]
        self._tables = self._worth_reading(keys)
        self._place(zip(clauses, keys, strict=True))
        for sense in self.senses:
            sense.ready()

    def _key(self, conditions: Iterable[Condition]) -> Condition | None:
        """What to look a clause up by; None where it may match without any leaf."""
        return min((each for each in conditions if not each.absent), key=self._odds.cost, default=None)

    def _worth_reading(self, keys: Iterable[Condition | None]) -> frozenset[Table]:
        needed = {mark.table for key in keys if key for mark in self._conditions.marks(key)}
        return frozenset(
            needed.union(table for table, uses in self._odds.tables.items() if uses >= _WORTHWHILE)
        )

    def _place(self, keyed: Iterable[tuple[Clause, Condition | None]]) -> None:
        """Put each clause under the facts of its key."""
        members: defaultdict[Group, list[_Member]] = defaultdict(list)
        for clause, key in keyed:
            member = _Member(clause, (key,) if key else ())
            for group in self._facts(key) if key else [self.always]:
                members[group].append(member)
        for group, found in members.items():
            self._fill(group, found)

    def _facts(self, key: Condition) -> list[Group]:
        """The facts of a condition one of which is there when it is met."""
        found = self._conditions.marks(key)
        return [self._fact(mark) for mark in found] if found else [self._fact_of_whole(key)]

    def _fact(self, mark: Mark) -> Group:
        return self.senses[mark.table.slot].table(mark.table).setdefault(mark.key, Group())

    def _fact_of_whole(self, condition: Condition) -> Group:
        known = self._whole.get(condition)
        if known is None:
            known = self._whole[condition] = Group()
            sense, numeric = self.senses[condition.slot], self._conditions.range(condition)
            if numeric is not None:
                sense.within(numeric, known)
            else:
                sense.ask(condition.holds, known)
        return known

    def _fill(self, group: Group, members: list[_Member]) -> None:
        if len(members) > _CROWD:
            members = self._divide(group, members)
        entries = [self._entry(member) for member in members]
        group.sure = tuple(each.id for each in entries if _is_sure(each))
        group.candidates = tuple(each for each in entries if not _is_sure(each))

    def _divide(self, group: Group, members: Iterable[_Member]) -> list[_Member]:
        """Put members below further facts they need; those that have none are left."""
        below: defaultdict[Group, list[_Member]] = defaultdict(list)
        left: list[_Member] = []
        for member in members:
            further = self._further(member)
            if further is None:
                left.append(member)
            else:
                for fact in self._facts(further.used[-1]):
                    below[fact].append(further)
        for fact, found in below.items():
            group.below[fact] = Group()
            self._fill(group.below[fact], found)
        return left

    def _further(self, member: _Member) -> _Member | None:
        """The member with one more condition met, if it has one that divides well."""
        if not member.is_looked_over:
            member.is_looked_over = True
            fit = [
                each for each in member.clause.conditions if each not in member.used and self._divides(each)
            ]
            if fit and len(member.used) < _FEW:
                used = (*member.used, min(fit, key=self._odds.chance))
                member.further = _Member(member.clause, used)
        return member.further

    def _divides(self, condition: Condition) -> bool:
        found = self._conditions.marks(condition)
        if not 0 < len(found) <= _FEW or self._odds.chance(condition) > _SELECTIVE:
            return False
        return all(mark.table in self._tables for mark in found)

    def _entry(self, member: _Member) -> Candidate:
        """The clause with the facts it needs besides those that led to it, and what is asked then."""
        if member.entry is None:
            needs: list[Group] = []
            asked: list[Condition] = []
            for condition in member.clause.conditions:
                fact = None if condition in member.used else self._single_fact(condition)
                if fact is not None:
                    needs.append(fact)
                if not self._is_told(condition, member, fact):
                    asked.append(condition)
            asked.sort(key=self._odds.chance)
            shared = frozenset(needs)
            shared = self._needs.setdefault(shared, shared)  # the same facts are kept once
            member.entry = Candidate(member.clause.rule, shared, tuple(asked), member.clause.more)
        return member.entry

    def _is_told(self, condition: Condition, member: _Member, fact: Group | None) -> bool:
        """Whether facts alone tell that the condition is met."""
        if fact is None and condition not in member.used:
            return False
        return self._conditions.is_told(condition) or condition in self._whole

    def _single_fact(self, condition: Condition) -> Group | None:
        """The one fact that is there whenever the condition is met, if there is one."""
        found = self._conditions.marks(condition)
        if len(found) == 1 and found[0].table in self._tables:
            return self._fact(found[0])
        return None if found else self._whole.get(condition)


class _Member:
    """A clause on its way into groups, and the conditions that the way to it has met already."""

    __slots__ = ("clause", "entry", "further", "is_looked_over", "used")

    def __init__(self, clause: Clause, used: tuple[Condition, ...]) -> None:
        self.clause = clause
        self.used = used
        self.entry: Candidate | None = None
        self.further: _Member | None = None
        self.is_looked_over = False


def _is_sure(candidate: Candidate) -> bool:
    """Whether the facts on the way are all there is to it, even in lists of objects."""
    return (
        not candidate.needs
        and not candidate.asked
        and candidate.more is None
        and len(candidate.rule.slots) < 2
    )
