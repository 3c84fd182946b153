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

import json
from collections.abc import Mapping

import msgspec

from ..errors import PatternError
from ..event import JSON
from ..pattern import Pattern, parse_pattern
from .clauses import Clause, clauses
from .conditions import Conditions
from .group import matching
from .plan import Plan
from .predicates import MISSING
from .projection import decoder
from .reading import Leaves, Reading
from .rule import Rule, bind
from .source import reader
from .spread import Spread

__all__ = ["PatternIndex"]


class PatternIndex:
    """Many patterns, each under an id, asked all at once.

    `patterns` are taken as written, or parsed already. Raises `PatternError`, which names the id, for the
    first one that is not valid. The index never changes but for what it remembers of texts, within bounds;
    threads may share it.
    """

    def __init__(self, patterns: Mapping[str, Mapping[str, JSON] | Pattern]) -> None:
        conditions = Conditions()
        found: list[Clause] = []
        for id_, pattern in patterns.items():
            found += clauses(Rule(id_, bind(id_, _parsed(id_, pattern).root, conditions)))
        plan = Plan(found, conditions)
        self._top = conditions.top
        self._blank: Leaves = [MISSING] * len(conditions.places)
        self._always = [plan.always]
        self._spread = Spread(plan.senses).read
        self._read = reader(self._top, plan.senses, self._spread)
        self._decode, structs = decoder(self._top)
        self._read_struct = reader(self._top, plan.senses, self._spread, structs)

    def match(self, data: JSON) -> frozenset[str]:
        """The ids of the patterns that the `data` of an event matches. Raises nothing on any JSON.

        `data` is made of the very types that `json.loads` makes.
        """
        facts, leaves = self._always.copy(), self._blank.copy()
        nested: set[int] = set()
        if type(data) is not dict or not self._read(data, facts, leaves, nested):
            facts, leaves = self._always.copy(), self._blank.copy()
            nested = set()
            self._spread(self._top, data, facts, leaves, nested)
        return frozenset(
            matching(facts, leaves, nested, lambda: Reading(leaves, nested, self._top, lambda: data))
        )

    def match_json(self, raw: bytes) -> frozenset[str]:
        """What `match` says of the value of a JSON text, without building all of that value.

        Where a name comes twice in an object, the last one counts, as it does for `json.loads`. Raises
        `ValueError` for a text found not to be JSON (parts that no pattern asks about are skipped over), or
        nested too deep or with an integer too long for `json.loads`.
        """
        try:
            struct = self._decode(raw)
        except (msgspec.MsgspecError, ValueError, RecursionError):  # or just not a text for structs
            return self.match(_loaded(raw))
        facts, leaves = self._always.copy(), self._blank.copy()
        nested: set[int] = set()
        self._read_struct(struct, facts, leaves, nested)
        return frozenset(
            matching(facts, leaves, nested, lambda: Reading(leaves, nested, self._top, lambda: _loaded(raw)))
        )


def _loaded(raw: bytes) -> JSON:
    try:
        value: JSON = json.loads(raw)
    except RecursionError:
        raise ValueError("the JSON is nested too deep to be read") from None
    return value


def _parsed(id_: str, pattern: Mapping[str, JSON] | Pattern) -> Pattern:
    if isinstance(pattern, Pattern):
        return pattern
    try:
        return parse_pattern(pattern)
    except PatternError as error:
        raise error.of(id_) from None
