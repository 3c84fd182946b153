"""One row of the history in words: who it goes to, what it is, what came back. For columns and for lines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from functools import cache
from urllib.parse import urlsplit

from hookwright.engine.history.row import Row
from hookwright.schemas.catalogue import load_catalogue


def subscriber(row: Row) -> str:
    """`webhook/leads-to-erp`, with the action's path after it when there are several."""
    return "/".join(part for part in (row.entity_type, row.entity_id, row.action) if part)


def answer(row: Row) -> str:
    """The last answer's status or, when none came, the class of the error."""
    parts = [str(row.code) if row.code else "", row.error if row.error not in (None, "status") else ""]
    return " ".join(part for part in parts if part)


def last(row: Row) -> str:
    """The last answer or error, and what an open delivery waits for, in UTC."""
    if row.next is not None:
        following = f"next {row.next[11:19]}"
    else:
        following = row.reason if row.state == "held" else ""  # its subscriber is switched off
    return " ".join(part for part in (answer(row), following) if part)


def place(row: Row) -> str:
    """Host and path of the URL the last request went to."""
    parts = urlsplit(row.url or "")
    return f"{parts.netloc}{parts.path}"


def marks(row: Row) -> Sequence[str]:
    """What sets this delivery apart from one of a single event."""
    found = {"batch": f"batch of {row.members}", "replay": f"replay {row.round}", "notice": "notice"}
    return [
        *([found[row.kind]] if row.kind in found else []),
        *(["member"] if row.batch else []),
        *(["test"] if row.test else []),
    ]


def event(row: Row) -> str:
    """The event's type, and what sets the delivery apart."""
    return " ".join([row.event_type, *(f"[{mark}]" for mark in marks(row))])


def second(instant: str | None) -> str:
    """An instant of the history in UTC to the second: `2026-11-23T21:04:02Z`."""
    return "-" if instant is None else f"{instant[:19]}Z"


def local(instant: str, zone: tzinfo | None) -> datetime:
    """An instant of the history in a time zone; None is this machine's."""
    return datetime.fromisoformat(instant).astimezone(zone)


def zone_name(zone: tzinfo | None) -> str:
    return datetime.now(UTC).astimezone(zone).tzname() or "local time"


@cache
def label(event_type: str) -> str:
    """What people call an event type: the catalogue's label, or the type itself."""
    found = load_catalogue().by_type.get(event_type)
    return found.label if found else event_type
