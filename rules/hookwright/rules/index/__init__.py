"""The event matcher: `PatternIndex` tells which of many patterns an event matches.

Before any event comes, patterns become conditions bound to places of an event (`rule`, `conditions`) and are
multiplied out into clauses (`clauses`). Each clause is put under a *fact* that an event must show for it to
have a chance (`plan`, `group`): mostly a text or number that can be looked up (`marks`), else a range
(`ranges`) or a condition asked as a whole (`sense`).

An event is read once, by code written for just these places (`source`), as it stands or as a projection of
its JSON text (`projection`); odd shapes take a longer way (`spread`). The facts found lead to the patterns
(`group`). Where lists of objects make several conditions depend on each other, a walk over their elements
decides (`elements`, `walk`).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import msgspec

from ..collector import held_back
from ..errors import PatternError
from ..event import JSON
from ..pattern import Pattern, parse_pattern
from .clauses import Clause, clauses
from .conditions import Conditions
from .group import Group, matching
from .parts import Every
from .plan import Plan
from .predicates import MISSING
from .projection import Decode, decoder
from .reading import Leaves, loaded
from .rule import Rule, bind
from .source import Read, reader, the_long_way
from .spread import Spread

__all__ = ["PatternIndex"]


class PatternIndex:
    """Many patterns, each under an id, asked all at once.

    `patterns` are taken as written, or parsed already. With `kinds` a pattern also needs the event to be of
    one of the kinds under its id. With `once` nothing is prepared that only pays for many events.
    Raises `PatternError`, which names the id, for the first pattern that is not valid. No answer ever
    changes; threads may share the index.
    """

    def __init__(
        self,
        patterns: Mapping[str, Mapping[str, JSON] | Pattern],
        kinds: Mapping[str, Iterable[Hashable]] | None = None,
        *,
        once: bool = False,
    ) -> None:
        with held_back():
            conditions = Conditions()
            plan = Plan(_clauses(patterns, kinds, conditions), conditions)
        self._top = conditions.top
        self._blank: Leaves = [MISSING] * len(conditions.places)
        self._always = [] if plan.always.is_empty else [plan.always]
        self._kind_slot = conditions.kind.slot
        self._kinds = {} if self._kind_slot is None else plan.senses[self._kind_slot].exact
        self._spread = Spread(plan.senses)
        self._read: Read = the_long_way if once else self._first_read
        self._of_text: tuple[Decode, Read] | None = None

    def match(self, data: JSON, kinds: tuple[Hashable, ...] = ()) -> frozenset[str]:
        """The ids of the patterns that the `data` of an event matches, which is of all these `kinds`.

        `data` is made of the very types that `json.loads` makes. Raises nothing on any JSON.
        """
        facts, leaves = self._always.copy(), self._blank.copy()
        nested: set[int] = set()
        if type(data) is not dict or not self._read(data, facts, leaves, nested):
            facts, leaves = self._always.copy(), self._blank.copy()
            nested = set()
            self._spread.read(self._top, data, facts, leaves, nested)
        if kinds and self._kind_slot is not None:
            leaves[self._kind_slot] = kinds
            facts += [fact for kind in kinds if (fact := self._kinds.get(kind)) is not None]
        return frozenset(matching(facts, leaves, nested, (self._top, data)))

    def match_json(self, raw: bytes) -> frozenset[str]:
        """What `match` says of the value of a JSON text, without building all of that value.

        Where a name comes twice in an object, the last one counts, as it does for `json.loads`. Raises
        `ValueError` for a text found not to be JSON (parts that no pattern asks about are skipped over), or
        nested too deep or with an integer too long for `json.loads`.
        """
        decode, read = self._of_text or self._first_of_text()
        try:
            struct = decode(raw)
        except (msgspec.MsgspecError, ValueError, RecursionError):  # or just not a text for structs
            return self.match(loaded(raw))
        facts, leaves = self._always.copy(), self._blank.copy()
        nested: set[int] = set()
        read(struct, facts, leaves, nested)
        return frozenset(matching(facts, leaves, nested, (self._top, raw)))

    def _first_read(self, data: Any, facts: list[Group], leaves: Leaves, nested: set[int]) -> bool:
        """Write the reader, which takes a while, as late as can be."""
        self._read = reader(self._top, self._spread)
        return self._read(data, facts, leaves, nested)

    def _first_of_text(self) -> tuple[Decode, Read]:
        """Structs are known only to the reader written for them: threads never get one without the other."""
        decode, structs = decoder(self._top)
        found = self._of_text = decode, reader(self._top, self._spread, structs)
        return found


def _clauses(
    patterns: Mapping[str, Mapping[str, JSON] | Pattern],
    kinds: Mapping[str, Iterable[Hashable]] | None,
    conditions: Conditions,
) -> list[Clause]:
    found: list[Clause] = []
    for id_, pattern in patterns.items():
        root = bind(id_, _parsed(id_, pattern).root, conditions)
        if kinds is not None:
            root = Every((conditions.of_kind(kinds[id_]), root))
        found += clauses(Rule(id_, root))
    return found


def _parsed(id_: str, pattern: Mapping[str, JSON] | Pattern) -> Pattern:
    if isinstance(pattern, Pattern):
        return pattern
    try:
        return parse_pattern(pattern)
    except PatternError as error:
        raise error.of(id_) from None
