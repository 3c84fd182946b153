"""What the lines of jobs change in the index's tables."""

from __future__ import annotations

import sqlite3

import msgspec

from ..journal.job import Job

_ENTER = (
    "INSERT INTO jobs (id, asked, state, record, segment) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE"
    " SET state = excluded.state, record = excluded.record, segment = excluded.segment"
    " WHERE state = 'running'"
)
_SETTLE = "DELETE FROM replayed WHERE job = ?"
_REPLAY = "INSERT OR IGNORE INTO replayed SELECT ?1, ?2 FROM jobs WHERE id = ?1 AND state = 'running'"


def enter_job(database: sqlite3.Connection, job: Job, segment: int) -> None:
    """Note how a job stands: one that has ended never runs again."""
    record = msgspec.json.encode(job).decode()
    database.execute(_ENTER, (job.id, job.asked, job.state, record, segment))
    database.execute(_SETTLE, (job.id,))


def enter_replay(database: sqlite3.Connection, job: str, delivery: str) -> None:
    """Note what a job has replayed since it was last noted how it stands."""
    database.execute(_REPLAY, (job, delivery))
