"""What the leaves of one place tell: which of the facts about it are there."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final, TypeAlias, TypeVar

from ..pattern.operators import Numeric, Scalar, exact_key
from .group import Group
from .marks import WHOLE, Cut, Table
from .predicates import Predicate
from .ranges import Ranges

_LONGEST: Final = 64
_REMEMBERED: Final = 4096
_NUMBERS: Final = frozenset({int, float})

Piece: TypeAlias = tuple[Cut, dict[Hashable, Group]]


class Sense:
    """The facts of one place. Filled by `table`, `ask` and `within`, then `ready`, then never changed.

    `exact`, `pieces` and `ranges` are for the reader to look into; what is *deep* takes more than a look.
    What that tells of texts is remembered, for texts of at most 64 characters and 4,096 facts together, since
    many fields take few different values; when that is full all is forgotten.
    """

    __slots__ = ("_asked", "_folded", "_spans", "_weight", "exact", "pieces", "ranges", "remembered")

    def __init__(self) -> None:
        self.exact: dict[Hashable, Group] = {}
        self.pieces: list[Piece] = []
        self.remembered: dict[str, tuple[Group, ...]] = {}
        self._weight = 0
        self._folded: list[tuple[slice, dict[Hashable, Group]]] = []
        self._asked: list[tuple[Predicate, Group]] = []
        self._spans: list[tuple[Numeric, Group]] = []
        self.ranges: Ranges[Group] | None = None

    @property
    def is_asking(self) -> bool:
        """Whether there are facts that are found by asking."""
        return bool(self._asked)

    @property
    def is_deep(self) -> bool:
        """Whether there is more to tell of texts than a look into tables does."""
        return bool(self._folded or self._asked)

    def table(self, table: Table) -> dict[Hashable, Group]:
        """The table of facts under this name, made if it is not there yet."""
        if table.cut == WHOLE and not table.folded:
            return self.exact
        if table.folded:
            cut = slice(*table.cut)
            return _table_of(cut, self._folded)
        return _table_of(table.cut, self.pieces)

    def ask(self, holds: Predicate, fact: Group) -> None:
        """Add a fact that is found by asking each leaf."""
        self._asked.append((holds, fact))

    def within(self, numeric: Numeric, fact: Group) -> None:
        """Add a fact that is there for the numbers of a range."""
        self._spans.append((numeric, fact))

    def ready(self) -> None:
        """End the filling."""
        if self._spans:
            self.ranges = Ranges(self._spans)

    def facts(self, leaf: Scalar) -> list[Group]:
        """All facts a leaf shows."""
        found: list[Group] = []
        if (fact := self.exact.get(exact_key(leaf))) is not None:
            found.append(fact)
        if isinstance(leaf, str):
            for (start, end), table in self.pieces:
                if (fact := table.get(leaf[start:end])) is not None:
                    found.append(fact)
            found += self.deep_text(leaf)
        else:
            found += self.asked_facts(leaf)
            if self.ranges is not None and type(leaf) in _NUMBERS:
                found += self.ranges.holding(leaf)  # type: ignore[arg-type] # a number, see above
        return found

    def facts_of_all(self, leaves: list[Scalar]) -> set[Group]:
        """All facts that any of several leaves shows. Numbers, of which lists can be long, are quick."""
        if not _NUMBERS.issuperset(map(type, leaves)):
            return {fact for leaf in leaves for fact in self.facts(leaf)}
        found = {fact for fact in map(self.exact.get, leaves) if fact is not None} if self.exact else set()
        found.update(fact for holds, fact in self._asked if any(map(holds, leaves)))
        if self.ranges is not None:
            found |= self.ranges.holding_any(leaves)  # type: ignore[arg-type] # numbers, see above
        return found

    def deep_text(self, text: str) -> list[Group]:
        """The deep facts of a text."""
        found = self.asked_facts(text)
        if self._folded:
            folded = text.casefold()
            for cut, table in self._folded:
                if (fact := table.get(folded[cut])) is not None:
                    found.append(fact)
        return found

    def asked_facts(self, leaf: Scalar) -> list[Group]:
        """The facts that are found by asking the leaf."""
        return [fact for holds, fact in self._asked if holds(leaf)]

    def learn(self, text: str) -> tuple[Group, ...]:
        """The deep facts of a text, to be found in `remembered` from now on."""
        found = tuple(self.deep_text(text))
        if len(text) <= _LONGEST:
            self._weight += len(found) + 1
            if self._weight > _REMEMBERED:
                self.remembered.clear()
                self._weight = len(found) + 1
            if self._weight <= _REMEMBERED:
                self.remembered[text] = found
        return found


_Cut = TypeVar("_Cut", Cut, slice)


def _table_of(cut: _Cut, tables: list[tuple[_Cut, dict[Hashable, Group]]]) -> dict[Hashable, Group]:
    for known, table in tables:
        if known == cut:
            return table
    tables.append((cut, {}))
    return tables[-1][1]
