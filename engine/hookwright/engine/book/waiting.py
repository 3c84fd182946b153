"""The members of batches that are not closed yet: read from the journal, and handed to the gathering."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import structlog

from hookwright.rules.model import endpoint_name

from ..batch import Member
from ..instant import milliseconds
from ..journal.acceptance import JournalledEvent, Planned
from ..journal.origin import read_origin
from ..journal.segment import Position
from .gathering import Closing, Gathering, Group

_READ_AT_ONCE = 1000  # members; some 50 microseconds each
_GROUPS_KEPT = 10_000
_SEGMENT_BITS = 40  # a segment has far fewer bytes than this can count

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Unread:
    """A member of which only its place in the journal is known."""

    id: str
    event: Position
    line: Position


class Waiting:
    """Knows every member that waits. Not thread-safe.

    After `load` the members have to be read; until then nothing is closed, since some might belong with it.
    """

    def __init__(self, folder: Path, unread: Iterable[Unread] = ()) -> None:
        self._folder = folder
        self._unread = deque(unread)
        self._gathering = Gathering()
        self._groups: dict[Group, Group] = {}

    @property
    def unread(self) -> bool:
        """Whether of some only their places in the journal are known."""
        return bool(self._unread)

    def accept(self, event: JournalledEvent, position: Position, planned: Planned) -> None:
        """One more member, of the event whose line stands at `position`."""
        if planned.batch is None:
            return
        size = event.size or len(event.raw) or len(b"null")
        member = Member(milliseconds(planned.due), _order(position), planned.id, size)
        lane = endpoint_name(planned.entity_type, planned.entity_id, planned.action)
        lane = f"{lane}?test" if planned.test else lane
        self._gathering.add(member, self._group(Group(lane, event.type, planned.batch)))

    def closings(self, now: int, limit: int) -> list[Closing]:
        """Batches that are closed at `now` (Unix milliseconds) and have to be written, oldest first."""
        for unread in islice(iter(self._unread.popleft, None), min(_READ_AT_ONCE, len(self._unread))):
            self._read(unread)
        if self._unread:
            return []
        self._gathering.look(now)
        return self._gathering.closings(limit)

    def gone(self, closing: Closing) -> None:
        """It is in the journal, or nothing of it can be read there any more."""
        self._gathering.gone(closing)

    def wait(self, now: int) -> int | None:
        """In how many milliseconds `closings` should be asked again; None when a new member will tell."""
        if self._unread:
            return 0
        at = self._gathering.next_at
        return None if at is None else max(0, at - now)

    def _group(self, group: Group) -> Group:
        """The same object for members of the same group: there are far fewer groups than members."""
        if len(self._groups) >= _GROUPS_KEPT:
            self._groups.clear()
        return self._groups.setdefault(group, group)

    def _read(self, unread: Unread) -> None:
        origin = read_origin(self._folder, unread.event, unread.line, unread.id)
        if origin is None:
            log.error("delivery_unreadable", delivery=unread.id, segment=unread.line.segment)
        else:
            self.accept(origin.event, unread.event, origin.planned)


def _order(position: Position) -> int:
    """Grows with every acceptance: intake numbers its segments in the order in which it writes them."""
    number = position.segment.partition(".jsonl")[0].rpartition("-")[2]
    return (int(number) << _SEGMENT_BITS) + position.offset
