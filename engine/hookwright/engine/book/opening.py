"""The open set: every delivery of this node that is not terminal, and what is known of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from itertools import chain, islice, takewhile
from pathlib import Path

import msgspec
import structlog

from ..delivery import Delivery
from ..history.index import OpenRow
from ..instant import milliseconds
from ..journal.acceptance import JournalledEvent, Planned
from ..journal.follow import Batch, Derived, Entered, Fanout
from ..journal.opened import Acted, Batched, Opened, Replayed, read_sendable
from ..journal.outcome import Held, Settled
from ..journal.sealing import SealBroken, vault_of
from ..journal.segment import Position
from ..ledger.work import Offer
from .open_work import Opening, Refused, is_offered, stood
from .opening_line import OpeningLine, read_opening_line
from .waiting import Unread, Waiting

_LINES_KEPT = 4
_BYTES_AT_ONCE = 16 << 20  # of bodies in one call to the ledger, or a single one
VERIFY_AFTER = 2.0  # seconds: by then intake's own offer, and often the first result, has arrived

log = structlog.get_logger(__name__)


class OpenSet:
    """Keeps what is open and says what has to be offered. Not thread-safe; `clock` is monotonic seconds.

    `waiting` are the members of batches that are not closed yet.
    """

    def __init__(self, folder: Path, node: str, clock: Callable[[], float]) -> None:
        self._folder = folder
        self._node = node
        self._clock = clock
        self._open: dict[str, Opening] = {}
        self._at_once: dict[str, None] = {}  # to be offered now, in this order
        self._unverified: dict[str, float] = {}  # id -> when to offer it, nearly in the order of these times
        self._refused: dict[str, None] = {}  # to be split, in this order
        self._lines: dict[Position, OpeningLine] = {}
        self.waiting = Waiting(folder)

    def __len__(self) -> int:
        return len(self._open)

    def __contains__(self, delivery: object) -> bool:
        return delivery in self._open

    def get(self, delivery: str) -> Opening | None:
        return self._open.get(delivery)

    def number(self, delivery: str) -> int:
        """What the index calls an open delivery; 0 when that has to be looked up."""
        opening = self._open.get(delivery)
        return 0 if opening is None else opening.number

    def is_over(self, delivery: str) -> bool:
        """Whether no further result of it counts."""
        opening = self._open.get(delivery)
        return opening is None or opening.refused is not None

    @property
    def refused(self) -> bool:
        """Whether batches are to be split."""
        return bool(self._refused)

    def next_refused(self, limit: int) -> list[Refused]:
        """Up to `limit` batches that are to be split."""
        first = ((each, self._open[each]) for each in islice(self._refused, limit))
        return [Refused(each, opening, opening.refused or "") for each, opening in first]

    @property
    def held(self) -> int:
        """How many wait because no attempt can be made."""
        return sum(1 for each in self._open.values() if each.held is not None)

    @property
    def overdue(self) -> bool:
        """Whether something should be offered or split now."""
        due = any(at <= self._clock() for at in islice(self._unverified.values(), 1))
        return due or bool(self._at_once) or self.refused

    def load(self, rows: Iterable[OpenRow]) -> None:
        """Start from the index; everything is to be offered at once."""
        self._open = {row.id: stood(row) for row in rows}
        self._refused = {key: None for key, each in self._open.items() if each.refused is not None}
        members = ((key, each) for key, each in self._open.items() if each.batching)
        self.waiting = Waiting(self._folder, [Unread(key, each.event, each.line) for key, each in members])
        self.doubt_all()

    def doubt_all(self) -> None:
        """The ledger may have lost everything: offer all again."""
        self._unverified = {}
        self._at_once = {key: None for key, opening in self._open.items() if is_offered(opening)}

    def doubt(self, deliveries: Iterable[str]) -> None:
        """Offer these again, if they are still open."""
        for each in deliveries:
            if each in self._open and is_offered(self._open[each]):
                self._unverified.pop(each, None)
                self._at_once[each] = None

    def verified(self, deliveries: Iterable[str]) -> None:
        """The ledger has them."""
        for delivery in deliveries:
            self._unverified.pop(delivery, None)
            self._at_once.pop(delivery, None)

    def take(self, batch: Batch, new: Mapping[str, int]) -> None:
        """Follow the journal; `new` are the deliveries of the batch that were not known before."""
        for item in batch.items:
            if isinstance(item, Fanout) and item.carried:
                self._move(item.position, dict(map(_by_id, item.deliveries)))
            elif isinstance(item, Fanout):
                self._accept(item, new)
            elif isinstance(item, Derived) and item.opened.carried:
                self._move(item.position, {item.opened.id: item.position})
            elif isinstance(item, Derived):
                self._derive(item, new)
            elif isinstance(item, Entered):
                self._enter(item)

    def enter(self, items: Iterable[Entered]) -> None:
        """Take in what lines of the bookkeeper's say."""
        for item in items:
            self._enter(item)

    def _accept(self, fanout: Fanout, new: Mapping[str, int]) -> None:
        at = self._clock() + VERIFY_AFTER
        for position, planned in fanout.deliveries:
            if planned.id in new and planned.id not in self._open:
                batching = planned.batch is not None
                due = milliseconds(planned.due)
                self._open[planned.id] = Opening(
                    0, due, fanout.position, position, batching=batching, number=new[planned.id]
                )
                if batching:
                    self.waiting.accept(fanout.event, fanout.position, planned)
                elif planned.order is not None:  # nobody else offers it: two who do would not keep its order
                    self._at_once[planned.id] = None
                else:
                    self._unverified[planned.id] = at

    def _move(self, event: Position, lines: Mapping[str, Position]) -> None:
        """What was carried forward was open before, and stands elsewhere now."""
        for delivery, line in lines.items():
            opening = self._open.get(delivery)
            if opening is not None:
                opening.event, opening.line = event, line

    def _derive(self, derived: Derived, new: Mapping[str, int]) -> None:
        """What the bookkeeper opened itself nobody else offers; others offer first what they opened."""
        opened, place = derived.opened, derived.position
        if isinstance(opened, Batched):
            for member in opened.members:
                self._open.pop(member, None)
        if opened.id in new and opened.id not in self._open:
            self._open[opened.id] = Opening(0, milliseconds(opened.due), place, place)
            if isinstance(opened, (Replayed, Acted)):
                self._unverified[opened.id] = self._clock() + VERIFY_AFTER
            else:
                self._at_once[opened.id] = None

    def _enter(self, entered: Entered) -> None:
        fields = entered.fields
        opening = self._open.get(fields.delivery)
        if opening is None:
            return
        if isinstance(fields, Settled):
            del self._open[fields.delivery]
            self._refused.pop(fields.delivery, None)
            self.verified([fields.delivery])
        elif isinstance(fields, Held):
            opening.held = fields.reason
        else:
            opening.held = None
            if entered.kind == "attempt":
                opening.attempts = fields.attempt
                opening.due = milliseconds(fields.next) if fields.next else opening.due
                opening.ended = fields.outcome != "retry"
                if fields.outcome == "split":
                    opening.refused = fields.reason
                    self._refused[fields.delivery] = None
                    self.verified([fields.delivery])

    def next_offers(self, limit: int, now: int) -> list[Offer]:
        """Up to `limit` offers whose time has come, fewer when their bodies are large. They are read from the
        journal; `now` is Unix milliseconds.

        A delivery that can no longer be read there is not offered any more: the ledger may still have it.
        """
        due = list(islice(chain(self._at_once, takewhile(self._is_due, self._unverified)), limit))
        offers: list[Offer] = []
        size = 0
        for delivery in due:
            offer = self._offer(delivery, now)
            if offer and offer.delivery.emission:
                self.verified([delivery])  # the runner carries it out
            elif offer:
                offers.append(offer)
                size += len(offer.body)
                if size >= _BYTES_AT_ONCE:
                    break
            else:
                log.error("delivery_unreadable", delivery=delivery, segment=self._open[delivery].line.segment)
                self.verified([delivery])
        return offers

    def _is_due(self, delivery: str) -> bool:
        return self._unverified[delivery] <= self._clock()

    def _offer(self, delivery: str, now: int) -> Offer | None:
        opening = self._open[delivery]
        wait = max(0, opening.due - now)
        line = self._line(opening.line)
        if line.opened:
            found = self._opened(opening.line, line.opened)
            return None if found is None else Offer(*found, opening.attempts, wait)
        event = self._line(opening.event).event
        planned = line.deliveries.get(delivery)
        if event is None or planned is None:
            return None
        return Offer(*self._planned(planned, event), opening.attempts, wait)

    def _planned(self, planned: Planned, event: JournalledEvent) -> tuple[Delivery, bytes]:
        try:
            return planned.sendable(event, self._node, vault_of(self._folder))
        except SealBroken as error:
            return _unsealed(planned.delivery(event, self._node), error)

    def _opened(self, position: Position, opened: tuple[Opened, bytes]) -> tuple[Delivery, bytes] | None:
        if opened[0].body != "sealed":
            return opened[0].delivery(self._node, opened[1]), opened[1]
        try:
            return read_sendable(self._folder, position, self._node)
        except SealBroken as error:
            return _unsealed(opened[0].delivery(self._node, b""), error)

    def _line(self, position: Position) -> OpeningLine:
        """The line there that opened deliveries; the last few are kept: neighbours are offered together."""
        found = self._lines.get(position)
        if found is None:
            if len(self._lines) >= _LINES_KEPT:
                self._lines.clear()
            found = self._lines[position] = read_opening_line(self._folder, position)
        return found


def _by_id(placed: tuple[Position, Planned]) -> tuple[str, Position]:
    return placed[1].id, placed[0]


def _unsealed(delivery: Delivery, error: SealBroken) -> tuple[Delivery, bytes]:
    """What nobody can send any more ends as a Failure that says why."""
    refusal = delivery.refusal or ("poison", str(error))
    body = hashlib.sha256(b"").hexdigest()
    return msgspec.structs.replace(delivery, refusal=refusal, body=body, headers=()), b""
