"""A pattern multiplied out into *clauses*, conditions that must all hold, one clause of which is enough.

That is what lets a pattern with `$or` be looked up by whichever branch an event meets. A product of many
disjunctions would be out of bounds, so only some are multiplied; the others stay whole, as a part of every
clause that is asked in the end.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from .parts import Condition, Every, Part, Some
from .rule import Rule

_MOST: Final = 16
"""How many clauses disjunctions beside each other may make. One alone may have any number of branches."""
_LARGEST: Final = 10_000
"""How often what stands beside that one may be repeated, once for each condition and branch."""


class Clause(NamedTuple):
    """One way for `rule` to match: each of `conditions`, and `more` where there is any."""

    rule: Rule
    conditions: tuple[Condition, ...]
    more: Part | None


def clauses(rule: Rule) -> list[Clause]:
    """The clauses of a pattern, whose conditions decide where lists of objects play no part."""
    return [_clause(rule, parts) for parts in _ways(rule.root)]


def _clause(rule: Rule, parts: tuple[Part, ...]) -> Clause:
    conditions = tuple(dict.fromkeys(part for part in parts if isinstance(part, Condition)))
    more = tuple(part for part in parts if not isinstance(part, Condition))
    return Clause(rule, conditions, Every(more) if more else None)


def _ways(part: Part) -> list[tuple[Part, ...]]:
    """Each way to make `part` true, as parts that must all be true."""
    if isinstance(part, Some):
        return [way for branch in part.branches for way in _ways(branch)]
    return _product(part) if isinstance(part, Every) else [(part,)]


def _product(every: Every) -> list[tuple[Part, ...]]:
    sure: list[Part] = []
    choices: list[tuple[Part, list[tuple[Part, ...]]]] = []
    for part in every.parts:
        ways = _ways(part)
        if len(ways) == 1:
            sure.extend(ways[0])
        else:
            choices.append((part, ways))
    choices.sort(key=lambda choice: -len(choice[1]))
    found: list[tuple[Part, ...]] = [()]
    for part, ways in choices:
        alone = len(found) == 1 and len(ways) * len(sure) <= _LARGEST
        taken = ways if alone or len(found) * len(ways) <= _MOST else [(part,)]
        found = [one + other for one in found for other in taken]
    return [(*sure, *way) for way in found]
