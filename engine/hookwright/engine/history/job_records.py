"""Replays of many deliveries as the index knows them: how they stand, and what they select."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ..journal.job import Job
from .index_view import BUILDING, HistoryUnavailable, IndexView, Rows
from .row import Filter

Place = tuple[int, str]  # when a delivery was accepted (Unix milliseconds), and its id

_RUNNING = "SELECT record FROM jobs WHERE state = 'running'"
_SINCE = "SELECT delivery FROM replayed WHERE job = ?"
_LIST = "SELECT record FROM jobs ORDER BY asked DESC, id LIMIT ?"
_GET = "SELECT record FROM jobs WHERE id = ?"
_COUNT = (
    "SELECT count(*), sum(status = 'In Queue' OR updated > ?) FROM deliveries WHERE accepted <= ? AND {where}"
)
_PAGE = (
    "SELECT accepted, id FROM deliveries INDEXED BY accepted_deliveries"
    " WHERE accepted >= ? AND accepted <= ? AND (accepted, id) > (?, ?)"
    " AND status != 'In Queue' AND updated <= ? AND {where} ORDER BY accepted, id LIMIT ?"
)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A job that runs, and the deliveries it has replayed beyond what its record says."""

    job: Job
    replayed: set[str] = field(default_factory=set)


class JobRecords:
    """Reads the index over a connection of its own, as a look through all of it may take a while.

    Methods raise `HistoryUnavailable`, also while the index does not know all of the journal.
    """

    def __init__(self, path: Path) -> None:
        self._index = IndexView(path, discard=False)

    def close(self) -> None:
        self._index.close()

    def running(self) -> dict[str, Unfinished]:
        """All jobs that run, by id."""
        jobs = [_read(record) for (record,) in self._whole(_RUNNING)]
        return {job.id: Unfinished(job, {each for (each,) in self._whole(_SINCE, job.id)}) for job in jobs}

    def last(self, limit: int) -> list[Job]:
        """The last ones that were asked for, newest first."""
        return [_read(record) for (record,) in self._whole(_LIST, limit)]

    def get(self, job: str) -> Job | None:
        return next((_read(record) for (record,) in self._whole(_GET, job)), None)

    def count(self, wanted: Filter, asked: int) -> tuple[int, int]:
        """How many deliveries accepted by then fit, and how many of those had not ended."""
        where, values = wanted.condition()
        ((count, still_open),) = self._whole(_COUNT.format(where=where), asked, asked, *values)
        return int(count), int(still_open or 0)

    def page(self, wanted: Filter, asked: int, after: Place | None, limit: int) -> list[Place]:
        """The next deliveries that fit and had ended by then, in an order that no new index changes."""
        where, values = wanted.condition()
        at, delivery = after or (0, "")
        since = max(at, wanted.since or 0)
        rows = self._whole(_PAGE.format(where=where), since, asked, at, delivery, asked, *values, limit)
        return [(int(accepted), identifier) for accepted, identifier in rows]

    def _whole(self, sql: str, *values: object) -> Rows:
        whole = self._index.whole()
        rows = self._index.query(sql, values)
        if not self._index.still(whole):
            raise HistoryUnavailable(BUILDING)
        return rows


def _read(record: str) -> Job:
    return msgspec.json.decode(record, type=Job)
