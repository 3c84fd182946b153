"""What the index forgets when a segment leaves the journal, and whether it may leave."""

from __future__ import annotations

import sqlite3

from ..delivery import Status

_OPEN_IN = "SELECT count(*) FROM deliveries JOIN segments s ON s.name = ? WHERE status = ? AND segment = s.id"
_RUNNING_IN = (
    "SELECT count(*) FROM jobs JOIN segments s ON s.id = segment WHERE s.name = ? AND state = 'running'"
)
_RUNS_IN = "SELECT count(*) FROM runs JOIN segments s ON s.id = segment WHERE s.name = ? AND status = ?"
_FORGET = tuple(
    each.replace("THIS", "(SELECT id FROM segments WHERE name = ?)")
    for each in (
        "DELETE FROM deliveries WHERE segment = THIS",
        "DELETE FROM events WHERE segment = THIS",
        "UPDATE deliveries SET event_segment = segment, event_offset = offset WHERE event_segment = THIS",
        "DELETE FROM jobs WHERE segment = THIS",
        "DELETE FROM run_lines WHERE segment = THIS",
        "DELETE FROM run_lines WHERE run IN (SELECT number FROM runs WHERE segment = THIS)",
        "DELETE FROM seen WHERE run IN (SELECT number FROM runs WHERE segment = THIS)",
        "DELETE FROM runs WHERE segment = THIS",
        "DELETE FROM damage WHERE segment = THIS",
        "DELETE FROM segments WHERE name = ?",
    )
)


def open_in(database: sqlite3.Connection, segment: str) -> int:
    """How many open deliveries and runs, and running jobs, need a segment. Raises `sqlite3.Error`."""
    (deliveries,) = database.execute(_OPEN_IN, (segment, Status.IN_QUEUE)).fetchone()
    (jobs,) = database.execute(_RUNNING_IN, (segment,)).fetchone()
    (runs,) = database.execute(_RUNS_IN, (segment, Status.IN_QUEUE)).fetchone()
    return int(deliveries) + int(jobs) + int(runs)


def forget(database: sqlite3.Connection, segment: str) -> None:
    """Forget what a segment says, within a transaction of the caller's. Raises `sqlite3.Error`."""
    for statement in _FORGET:
        database.execute(statement, (segment,))
