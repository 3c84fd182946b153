"""Numbers about many deliveries: how many ended how, and how long their last tries took, by group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from .delivery import Status
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

    They are None where no request was made. `statuses` has all five words; `attempts` sums spent tries.
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
    (total,) = _groups(query, "''", wanted) or [_group("", {}, 0, None, None)]
    found = sorted(_groups(query, KEYS[by], wanted), key=lambda group: (-group.count, group.key))
    return Stats(by, total, tuple(found))


def _groups(query: Query, key: str, wanted: Filter) -> list[Group]:
    where, values = wanted.condition()
    counted = query(
        f"SELECT {key}, status, count(*), sum(attempts) FROM deliveries WHERE {where} GROUP BY 1, 2",  # noqa: S608  # fixed names
        values,
    )
    times = {row[0]: row[1:] for row in query(_TIMES.format(key=key, where=where), values)}
    statuses: dict[str, dict[str, int]] = {}
    attempts: dict[str, int] = {}
    for name, status, number, tries in counted:
        statuses.setdefault(name, {})[status] = number
        attempts[name] = attempts.get(name, 0) + tries
    return [
        _group(name, found, attempts[name], *times.get(name, (None, None)))
        for name, found in statuses.items()
    ]


def _group(key: str, found: Mapping[str, int], attempts: int, p50: float | None, p95: float | None) -> Group:
    statuses = {status.value: found.get(status.value, 0) for status in Status}
    return Group(key, sum(statuses.values()), statuses, attempts, p50, p95)


# The nearest rank: of n sorted values the one at place ceil(n * percent / 100).
_TIMES = """
WITH timed AS (
    SELECT {key} AS name, took, row_number() OVER (PARTITION BY {key} ORDER BY took) AS place,
        count(*) OVER (PARTITION BY {key}) AS size
    FROM deliveries WHERE took IS NOT NULL AND {where}
)
SELECT name, max(CASE WHEN place = (size * 50 + 99) / 100 THEN took END),
    max(CASE WHEN place = (size * 95 + 99) / 100 THEN took END)
FROM timed GROUP BY name
"""
