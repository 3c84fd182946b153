"""What lines about runs of automations change in the index's tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from ..delivery import Status
from ..instant import milliseconds
from ..journal.follow import Advanced, Fanout
from ..journal.runs import RunLine, StepLine

_NAMES = (
    "id, status, entity_id, event_source, event_id, event_type, place, revision, accepted, updated, due,"
    " segment, offset"
)
_BEGIN = (  # its event says best where it stands; a line of the runner's may have been read before
    f"INSERT INTO runs ({_NAMES}) VALUES ({', '.join('?' * 13)}) ON CONFLICT (id) DO UPDATE"  # noqa: S608  # fixed names
    " SET segment = excluded.segment, offset = excluded.offset, accepted = excluded.accepted"
)
_ENTER = f"INSERT OR IGNORE INTO runs ({_NAMES}) VALUES ({', '.join('?' * 13)})"  # noqa: S608  # fixed names
_STANDS = (
    "UPDATE runs SET status = ?, reason = ?, key = ?, begun = ?, updated = ?"
    " WHERE id = ? AND status = 'In Queue'"
)
_LINE = "INSERT OR IGNORE INTO run_lines SELECT number, ?, ? FROM runs WHERE id = ?"
_UPDATED = "UPDATE runs SET updated = ? WHERE id = ? AND status = 'In Queue'"
_SEEN = "INSERT OR IGNORE INTO seen SELECT ?, ?, number FROM runs WHERE id = ?"


def begin_runs(database: sqlite3.Connection, fanout: Fanout, segment: int) -> None:
    """Enter the runs that an event begins, whose line stands in `segment`."""
    event = fanout.event
    for planned in fanout.runs:
        head = (planned.id, Status.IN_QUEUE, planned.entity_id, event.source, event.id, event.type)
        times = (fanout.at, fanout.at, milliseconds(planned.due))
        place = (segment, fanout.position.offset)
        database.execute(_BEGIN, (*head, planned.place, fanout.revision, *times, *place))


def enter_run(database: sqlite3.Connection, item: Advanced, segment: Callable[[str], int]) -> None:
    """Enter a line of the runner's; one about a run nobody knows (any more) changes nothing."""
    line, place = item.fields, (segment(item.position.segment), item.position.offset)
    if isinstance(line, RunLine):
        if line.status is Status.IN_QUEUE:
            trigger = line.trigger
            head = (line.run, Status.IN_QUEUE, line.entity_id, trigger.source, trigger.id, trigger.type)
            times = (item.at, item.at, milliseconds(line.due))
            database.execute(_ENTER, (*head, line.place, line.revision, *times, *place))
        stands = (line.status, line.reason, line.key, line.begun, item.at)
        database.execute(_STANDS, (*stands, line.run))
    elif isinstance(line, StepLine):
        database.execute(_UPDATED, (item.at, line.run))
        if line.seen:
            database.execute(_SEEN, (*line.seen, line.run))
    database.execute(_LINE, (*place, line.run))
