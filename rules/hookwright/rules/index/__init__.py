"""The event matcher: `PatternIndex` tells which of many patterns an event matches.

An event is read once along the fields patterns mention (`paths`, `leaves`). Each kind of index then names the
patterns that have a chance: by an exact value they need (`exact`), by a field they need (`present`); patterns
neither can serve are always looked at. Every candidate is then decided by itself (`rule`), and where lists of
objects make several conditions depend on each other, by a walk over their elements (`elements`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..errors import PatternError
from ..event import JSON
from ..pattern import Field, Pattern, parse_pattern
from .cover import Key, cover, popularity
from .exact import ExactIndex, exact_keys
from .leaves import Leaves
from .paths import PathNode
from .present import PresentIndex, present_keys
from .rule import Rule

__all__ = ["PatternIndex"]


class PatternIndex:
    """Many patterns, each under an id, asked all at once.

    `patterns` are taken as written, or parsed already. Raises `PatternError`, which names the id, for the
    first one that is not valid. The index never changes; threads may share it.
    """

    __slots__ = ("_always", "_exact", "_ids", "_present", "_rules", "_top")

    def __init__(self, patterns: Mapping[str, Mapping[str, JSON] | Pattern]) -> None:
        parsed = {number: _parsed(id_, pattern) for number, (id_, pattern) in enumerate(patterns.items())}
        exact = _covers(parsed, exact_keys)
        rest = {number: pattern for number, pattern in parsed.items() if number not in exact}
        present = _covers(rest, present_keys)
        self._ids = tuple(patterns)
        self._top = PathNode()
        self._rules = tuple(Rule(pattern.root, self._top) for pattern in parsed.values())
        self._exact = ExactIndex(exact.items(), self._top)
        self._present = PresentIndex(present.items(), self._top)
        self._always = tuple(number for number in rest if number not in present)

    def match(self, data: JSON) -> frozenset[str]:
        """The ids of the patterns that the `data` of an event matches. Raises nothing on any JSON."""
        leaves = Leaves(data, self._top)
        candidates = self._exact.candidates(leaves)
        candidates |= self._present.candidates(leaves)
        candidates.update(self._always)
        return frozenset(self._ids[number] for number in candidates if self._rules[number].matches(leaves))


def _parsed(id_: str, pattern: Mapping[str, JSON] | Pattern) -> Pattern:
    if isinstance(pattern, Pattern):
        return pattern
    try:
        return parse_pattern(pattern)
    except PatternError as error:
        raise error.of(id_) from None


def _covers(
    patterns: Mapping[int, Pattern], keys: Callable[[Field], frozenset[Key] | None]
) -> dict[int, frozenset[Key]]:
    popular = popularity((pattern.root for pattern in patterns.values()), keys)
    found = {number: cover(pattern.root, keys, popular) for number, pattern in patterns.items()}
    return {number: keys_ for number, keys_ in found.items() if keys_ is not None}
