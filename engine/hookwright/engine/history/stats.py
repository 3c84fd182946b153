"""Numbers about many deliveries: how many ended how, and how long their last tries took, by group."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from ..delivery import Status
from .row import Filter

# What deliveries can be grouped by, as an SQL expression over their row; one without a value is in group "".
KEYS: Mapping[str, str] = {
    "subscriber": "entity_type || '/' || entity_id",
    "type": "event_type",
    "status": "status",
    "error": "coalesce(error, '')",
    "code": "coalesce((code / 100) || 'xx', '')",
    "day": "date(accepted / 1000, 'unixepoch')",
}
Query = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]


class Group(Struct, frozen=True):
    """Some deliveries. `p50` and `p95` are seconds of the last try: half, and 95 %, took no longer.

    They are to the millisecond, and None where no request was made. `statuses` has all five words; `attempts`
    sums spent tries.
    """

    key: str
    count: int
    statuses: Mapping[str, int]
    attempts: int
    p50: float | None
    p95: float | None


class Stats(Struct, frozen=True):
    """All deliveries that fit a filter, and the same by group, the largest group first."""

    by: str
    total: Group
    groups: tuple[Group, ...]


def read_stats(query: Query, by: str, wanted: Filter) -> Stats:
    """The numbers by one of `KEYS`; `query` runs SQL on an index."""
    where, values = wanted.condition()
    groups: dict[str, _Tally] = defaultdict(_Tally)
    total = _Tally()
    for key, *numbers in query(_NUMBERS.format(key=KEYS[by], where=where), values):
        groups[key].add(*numbers)
        total.add(*numbers)
    found = [tally.group(key) for key, tally in groups.items()]
    return Stats(by, total.group(""), tuple(sorted(found, key=lambda group: (-group.count, group.key))))


class _Tally:
    """Sums up deliveries; how long tries took, to the millisecond."""

    def __init__(self) -> None:
        self._statuses: Counter[str] = Counter()
        self._times: Counter[int] = Counter()
        self._attempts = 0

    def add(self, status: str, took: int | None, count: int, attempts: int) -> None:
        self._statuses[status] += count
        self._attempts += attempts
        if took is not None:
            self._times[took] += count

    def group(self, key: str) -> Group:
        statuses = {status.value: self._statuses[status] for status in Status}
        count = sum(statuses.values())
        return Group(key, count, statuses, self._attempts, self._percentile(50), self._percentile(95))

    def _percentile(self, percent: int) -> float | None:
        """The nearest rank: of n sorted values the one at place ceil(n * percent / 100)."""
        place = -(-self._times.total() * percent // 100)
        for took, count in sorted(self._times.items()):
            place -= count
            if place <= 0:
                return took / 1000
        return None


# One pass over the table, however large: a row a status and millisecond.
_NUMBERS = """
SELECT {key}, status, CAST(round(took * 1000) AS INTEGER), count(*), sum(attempts)
FROM deliveries WHERE {where} GROUP BY 1, 2, 3
"""
