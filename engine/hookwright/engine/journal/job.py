"""A `Job`: the replay of many deliveries, as the journal keeps it; each of its lines holds all of it."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

from .writer import Entry

JOB = "replays"  # the kind of its lines

JobState = Literal["running", "done", "cancelled"]


class Job(Struct, frozen=True, kw_only=True, rename="camel"):
    """A replay of all deliveries that fit `filter` and had ended when it was `asked` for (RFC 3339).

    `filter` is in the words of the API, its times absolute. `count` is how many fitted, `done` how many were
    replayed, `skipped` how many were not, by cause. `after` is the last one dealt with: when it was accepted,
    and its id. `rate` is the most at a time, as `50/s`. `ended` says when it was over, `stopped_by` who
    cancelled it.
    """

    id: str
    asked: str
    by: str
    why: str
    filter: Mapping[str, str]
    count: int
    rate: str
    state: JobState = "running"
    done: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    after: tuple[str, str] | None = None
    ended: str | None = None
    stopped_by: str | None = None


def new_job_id(key: str | None = None) -> str:
    """Another one each time, or of one `key` always the same."""
    number = secrets.token_bytes(16) if key is None else hashlib.sha256(key.encode()).digest()[:16]
    return "rpl_" + base64.b32encode(number).decode().rstrip("=").lower()


def job_entry(job: Job) -> Entry:
    """The line that says how a job stands."""
    return Entry(JOB, job)
