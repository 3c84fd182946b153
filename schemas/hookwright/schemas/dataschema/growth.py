"""How much work a schema can make: references in circles, and schemas that multiply level by level.

Saying whether data fits is cheap whatever the schema. Saying all that does not fit is not: a schema that
applies itself twice to one field finds each mistake twice as often with each level of the data.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from ..builder import JSON
from .parts import EVERY_FIELD, EVERY_ITEM, HERE, Path, Targets, below, slot, subschemas

LONGEST_CHAIN: Final = 32  # schemas that apply to one value, each by the one before
MOST_WORK: Final = 10_000  # schemas on the way from the data to one value in it; each may copy the data
LEVELS: Final = 64  # of an event's data

_ASKED: Final = frozenset({"contains", "if", "not"})  # whose own mistakes are never told

_Slot: TypeAlias = "str | tuple[str, str | int]"


@dataclass(slots=True)
class _Node:
    """One schema: those that apply `here`, to the same value, and those that apply `inside` it.

    Of `branches` the mistakes of one alone are told, and of those that only `ask`, none.
    """

    here: list[Path] = field(default_factory=list)
    branches: list[Path] = field(default_factory=list)
    ask: list[Path] = field(default_factory=list)
    inside: list[tuple[_Slot, Path]] = field(default_factory=list)

    def following(self) -> list[Path]:
        """All that apply to the same value."""
        return [*self.here, *self.branches, *self.ask]


def endless(schema: JSON, targets: Targets) -> Path | None:
    """A schema from which more others follow for one value than may, in a circle for instance."""
    nodes = _graph(schema, targets)
    known: dict[Path, int] = {}
    for path in nodes:
        if _chain(path, nodes, known, 0) > LONGEST_CHAIN:
            return _inner(path, nodes, known)
    return None


def multiplies(schema: JSON, targets: Targets) -> bool:
    """Whether data of 64 levels could take more than 10,000 steps. For schemas that are not `endless`."""
    nodes = _graph(schema, targets)
    work = dict.fromkeys(nodes, 1)
    for _ in range(LEVELS):
        memo: dict[Path, Counter[_Slot]] = {}
        deeper = {path: _total(_slots(path, nodes, work, memo)) for path in nodes}
        if deeper[()] > MOST_WORK:
            return True
        if deeper == work:
            return False
        work = {path: min(each, MOST_WORK + 1) for path, each in deeper.items()}
    return False


def _graph(schema: JSON, targets: Targets) -> dict[Path, _Node]:
    nodes: dict[Path, _Node] = {}
    for path, each in subschemas(schema):
        node = nodes[path] = _Node()
        if not isinstance(each, dict):
            continue
        for step, _ in below(each):
            where = slot(step)
            if where is not None and step[0] not in _ASKED:
                node.inside.append((where, (*path, *step)))
            elif step[0] in HERE:
                _applied(node, step[0]).append((*path, *step))
        reference = each.get("$ref")
        target = targets.find(reference) if isinstance(reference, str) else None
        if target is not None:
            node.here.append(target)
    return nodes


def _applied(node: _Node, keyword: str | int) -> list[Path]:
    return node.branches if keyword in {"anyOf", "oneOf"} else node.ask if keyword in _ASKED else node.here


def _chain(path: Path, nodes: dict[Path, _Node], known: dict[Path, int], depth: int) -> int:
    """How many schemas follow one another from here on; past the longest chain it is not counted on."""
    if path in known:
        return known[path]
    if depth > LONGEST_CHAIN:
        return LONGEST_CHAIN + 1
    following = (_chain(each, nodes, known, depth + 1) for each in nodes[path].following())
    known[path] = 1 + max(following, default=0)
    return known[path]


def _inner(path: Path, nodes: dict[Path, _Node], known: dict[Path, int]) -> Path:
    """Where to look: on the circle itself, not on the way that leads to it."""
    for _ in range(LONGEST_CHAIN):
        longer = (each for each in nodes[path].following() if known.get(each, 0) > LONGEST_CHAIN)
        path = next(longer, path)
    return path


_OWN: Final = "the value itself"


def _slots(
    path: Path, nodes: dict[Path, _Node], work: dict[Path, int], memo: dict[Path, Counter[_Slot]]
) -> Counter[_Slot]:
    """The steps that this schema and all that apply to the same value take, by what of it they look at."""
    found = memo.get(path)
    if found is None:
        found = Counter({_OWN: 1})
        for where, each in nodes[path].inside:
            found[where] += work[each]
        for each in nodes[path].here:
            found.update(_slots(each, nodes, work, memo))
        branches = [_slots(each, nodes, work, memo) for each in nodes[path].branches]
        found.update(_costliest(branches))
        memo[path] = found
    return found


def _costliest(branches: list[Counter[_Slot]]) -> Counter[_Slot]:
    """The one whose way into the data is longest; of the value itself every branch is asked."""
    found: Counter[_Slot] = Counter()
    for each in branches:
        found = each if _total(each) > _total(found) else found
    return Counter({**found, _OWN: sum(each[_OWN] for each in branches)})


def _total(slots: Counter[_Slot]) -> int:
    """The steps on the way to the one value inside that takes most of them."""
    fields, items = _most(slots, "properties"), _most(slots, "prefixItems")
    return slots[_OWN] + max(fields + slots[EVERY_FIELD], items + slots[EVERY_ITEM])


def _most(slots: Counter[_Slot], keyword: str) -> int:
    named = (steps for where, steps in slots.items() if isinstance(where, tuple) and where[0] == keyword)
    return max(named, default=0)
