"""Why a pattern matches the data of an event, or does not: a clause for every part of its tree.

A part that must hold is judged together with what stands beside it: under one choice of list elements that
makes the whole true, where there is one. Otherwise every part is judged alone, and if all of them hold, what
is wrong is that they do not hold for the same element.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from ..errors import Steps
from ..event import JSON
from ..index import PatternIndex
from ..pattern import All, AnyOf, Field, Node, Not, Pattern, parse_pattern
from .choices import Choices, TooManyError, agree, meets
from .clause import Clause, Expected
from .conflict import Conflicts
from .fields import Fields, Where
from .leaves import Choice, Leaves, Path, field_text, read_leaves
from .wording import ABSENT, either, words

MOST_PARTS = 100  # of one `and`, `or` or `not`
_TOGETHER = "each part holds by itself, but not all of them for the same list elements"
_UNTRIED = "there are too many combinations of list elements to tell which one decides"


class _Verdict(NamedTuple):
    """Whether a part, taken alone, holds, and under which choice: None when that is not known."""

    holds: bool
    choice: Choice | None


def explain_pattern(written: Mapping[str, JSON], data: JSON, where: Where) -> Clause:
    """The clause of a valid pattern as a whole. Never raises, whatever the data.

    `where(steps, key=False)` tells the place of what stands at `steps` inside the pattern, or of its key.
    """
    root = parse_pattern(written).root
    leaves = read_leaves(data, _paths(root))
    return _Explainer(Choices(leaves), Fields(written, data, leaves, where), where).alone(root)


def _paths(node: Node) -> Iterator[Path]:
    if isinstance(node, Field):
        yield node.path
    elif isinstance(node, Not):
        yield from _paths(node.part)
    else:
        for part in node.branches if isinstance(node, AnyOf) else node.parts:
            yield from _paths(part)


@dataclass(frozen=True, slots=True)
class _Explainer:
    choices: Choices
    fields: Fields
    where: Where

    @property
    def leaves(self) -> Leaves:
        return self.choices.leaves

    def alone(self, node: Node) -> Clause:
        """The clause of a part that nothing stands beside."""
        verdict = self._verdict(node)
        if isinstance(node, Field):
            return self.fields.clause(node, holds=verdict.holds, choice=verdict.choice)
        if verdict.choice is not None and not isinstance(node, Not):
            return self._under(node, verdict.choice)
        if isinstance(node, Not):
            return self._group(node, verdict.holds, [self.alone(node.part)])
        parts = node.branches if isinstance(node, AnyOf) else node.parts
        clause = self._group(node, verdict.holds, [self.alone(part) for part in parts])
        if verdict.holds:
            return replace(clause, hint=_UNTRIED)
        if isinstance(node, All) and all(self._possible(part) for part in parts):
            conflict = Conflicts(self.leaves, self._says).of(node)
            return replace(clause, conflict=conflict, hint="" if conflict else _TOGETHER)
        return clause

    def _under(self, node: Node, choice: Choice) -> Clause:
        """The clause of a part for the elements that were chosen. What `$not` looks at is the whole event."""
        if isinstance(node, Field):
            return self.fields.clause(node, holds=self._holds(node, choice), choice=choice)
        if isinstance(node, Not):
            return self.alone(node)
        parts = [
            self._under(part, choice) for part in (node.branches if isinstance(node, AnyOf) else node.parts)
        ]
        some = any if isinstance(node, AnyOf) else all
        return self._group(node, some(part.holds for part in parts), parts)

    def _holds(self, condition: Field, choice: Choice) -> bool:
        found = self.leaves.at(condition.path)
        if condition.absent and not any(agree(leaf.choice, choice) for leaf in found):
            return True
        chosen = choice.items()
        return any(leaf.choice.items() <= chosen and meets(condition, leaf.value) for leaf in found)

    def _verdict(self, node: Node) -> _Verdict:
        if isinstance(node, Not):
            return _Verdict(not self._verdict(node.part).holds, None)
        try:
            choice = self.choices.winning(node)
        except TooManyError:  # the index needs no choices to be tried
            return _Verdict(bool(PatternIndex({"it": Pattern(node)}).match(self.fields.data)), None)
        return _Verdict(choice is not None, choice)

    def _possible(self, node: Node) -> bool:
        """Whether a part could hold: an element might be chosen that lacks what must be absent."""
        if isinstance(node, Field):
            nowhere = node.absent and all(leaf.choice for leaf in self.leaves.at(node.path))
            return nowhere or self.choices.takes(node)
        if isinstance(node, Not):
            return self._verdict(node).holds
        some = any if isinstance(node, AnyOf) else all
        return some(map(self._possible, node.branches if isinstance(node, AnyOf) else node.parts))

    def _group(self, node: All | AnyOf | Not, holds: bool, parts: list[Clause]) -> Clause:
        """Where there are too many parts those are kept that decide: one that holds is enough for `$or`."""
        ordered = sorted(parts, key=lambda each: each.holds != isinstance(node, AnyOf))
        kept = parts if len(parts) <= MOST_PARTS else ordered[:MOST_PARTS]
        return Clause(
            kind="or" if isinstance(node, AnyOf) else "not" if isinstance(node, Not) else "and",
            holds=holds,
            place=self.where(node.at, key=True),
            parts=tuple(kept),
            hidden=len(parts) - len(kept),
        )

    def _says(self, node: Node) -> Expected:
        """A condition in words: `Sku is "A1"`."""
        if isinstance(node, Field):
            asked = [words(test) for test in node.tests[:MOST_PARTS]] + [ABSENT] * node.absent
            return Expected(f"{field_text(node.path)}: {either(asked)}", self.where(node.at, key=True))
        at: Steps = node.at
        name = "$or" if isinstance(node, AnyOf) else "$and"
        return Expected(
            f"the {name} with {', '.join(dict.fromkeys(map(field_text, _paths(node))))}",
            self.where(at, key=True),
        )
