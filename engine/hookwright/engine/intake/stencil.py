"""Stencils: what all events of a type have in common in the journal, written once, with gaps. Pure.

An event whose deliveries differ from those of the next one in nothing but identifiers, times and data is
drawn by filling the gaps. A stencil is cut out of what the ordinary way (`Placing`, `accepted_entries`) makes
of a specimen, so what is drawn is what that way would write.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

import msgspec
from msgspec import Struct

from hookwright.plugins.builtin.encoders.json import JsonEncoder
from hookwright.rules.event import Event
from hookwright.rules.model import Action, Subscriber
from hookwright.rules.table import RoutingTable
from hookwright.rules.targets import BODYLESS

from ..delivery import Delivery
from ..identifiers import endpoint_part, event_part, identifiers
from ..instant import timestamp
from ..journal.acceptance import accepted_entries
from ..journal.writer import Entry
from .answer import Answer, Placed
from .composing import is_composed
from .placing import Placing

MOST_DELIVERIES = 100  # of an event that is drawn
LARGEST = 64 * 1024  # bytes of its data: far from every bound on bodies and lines
_TYPES_KEPT = 1000

_write = msgspec.json.Encoder().encode
_SPECIMEN = Event(
    id="~hookwright~id~",
    source="~hookwright~source~",
    type="",
    data=None,
    raw=b'"~hookwright~data~"',
    time="~hookwright~time~",
    subject="~hookwright~subject~",
)
_PRINT = "~hookwright~fingerprint~"


class Stencils:
    """The stencils of the table that is live. Not for several threads."""

    def __init__(self, placing: Placing) -> None:
        self._placing = placing
        self._table: RoutingTable | None = None
        self._known: dict[str, Stencil | None] = {}

    def of(self, event: Event, table: RoutingTable) -> Stencil | None:
        """The stencil of an event; None for one that has to go the ordinary way."""
        if table is not self._table or len(self._known) > _TYPES_KEPT:
            self._table, self._known = table, {}
        try:
            found = self._known[event.type]
        except KeyError:
            found = self._known[event.type] = _stencil(self._placing, table, event.type)
        if found is None or event.extensions or len(event.raw) > LARGEST:
            return None
        return None if b"\n" in event.raw or b"\r" in event.raw else found


class _Part(Struct, frozen=True):
    """One delivery in a stencil: what it always is, and what its identifiers are made of."""

    delivery: Delivery
    endpoint: bytes
    delay: int


class Stencil(Struct, frozen=True):
    """`line` is the text of a line in pieces, and between them gaps: id, source, time and subject, data; of
    each part its ids and when it is due; the fingerprint.
    """

    revision: str
    line: tuple[bytes, ...]
    parts: tuple[_Part, ...]

    def draw(self, event: Event, fingerprint: str, now: int) -> Drawn:
        """The event's plan; `now` is Unix milliseconds."""
        of_event = event_part(event.source, event.id)
        gaps = [_write(event.id), _write(event.source), _when(event), event.raw]
        names: list[str] = []
        for part in self.parts:
            message, delivery = identifiers(of_event, part.endpoint)
            names += (delivery, message)
            gaps += (delivery.encode(), message.encode(), _due(now + part.delay))
        gaps.append(fingerprint.encode())
        line = [*self.line]
        line[1::2] = gaps
        return Drawn(self, event, fingerprint, now, tuple(names), Entry("accepted", b"".join(line)))


class Drawn(Struct, gc=False):
    """The same as a `Plan`, its line written already, its deliveries made when they are asked for."""

    stencil: Stencil
    event: Event
    fingerprint: str
    now: int
    names: tuple[str, ...]  # delivery and message by turns
    entry: Entry
    _body: str = ""

    @property
    def revision(self) -> str:
        return self.stencil.revision

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        return tuple(self.delivery(index) for index in range(len(self.stencil.parts)))

    @property
    def bodies(self) -> Mapping[str, bytes]:
        return {self.body: self.event.raw}

    @property
    def body(self) -> str:
        """The SHA-256 of what all its deliveries send."""
        if not self._body:
            self._body = hashlib.sha256(self.event.raw).hexdigest()
        return self._body

    def delivery(self, index: int) -> Delivery:
        part = self.stencil.parts[index]
        return msgspec.structs.replace(
            part.delivery,
            id=self.names[2 * index],
            message=self.names[2 * index + 1],
            event_id=self.event.id,
            event_source=self.event.source,
            due=self.now + part.delay,
            body=self.body,
        )

    def answer(self) -> Answer:
        """What its sender is told."""
        placed = [
            Placed(name, part.delivery.entity_type, part.delivery.entity_id)
            for name, part in zip(self.names[::2], self.stencil.parts, strict=True)
        ]
        return Answer(self.event.id, False, self.stencil.revision, tuple(placed))

    def fresh(self, accepted: float) -> list[Outlined]:
        """What intake offers of it."""
        return [Outlined(self, index, accepted) for index in range(len(self.stencil.parts))]


class Outlined(Struct, frozen=True, gc=False):
    """The same as a `Fresh`, made out when it is offered: it may have waited too long."""

    drawn: Drawn
    index: int
    accepted: float

    @property
    def delivery(self) -> Delivery:
        return self.drawn.delivery(self.index)

    @property
    def body(self) -> bytes:
        return self.drawn.event.raw


def _stencil(placing: Placing, table: RoutingTable, event_type: str) -> Stencil | None:
    subscribers = table.settled(event_type)
    if subscribers is None or type(placing.encoders.get("json")) is not JsonEncoder:
        return None
    if any(each.automation is not None for each in subscribers):  # its run is none of the gaps
        return None
    event = msgspec.structs.replace(_SPECIMEN, type=event_type)
    actions = [(each, action) for each in subscribers for action in each.actions]
    if len(actions) > MOST_DELIVERIES or not all(_is_alike(*each) for each in actions):
        return None
    made = [_specimen(placing, event, *each, number) for number, each in enumerate(actions, start=1)]
    deliveries = [each for each in made if each is not None]
    if len(deliveries) < len(actions):
        return None
    body = hashlib.sha256(event.raw).hexdigest()
    entries = accepted_entries(event, table.revision, deliveries, {body: event.raw}, _PRINT)
    line = _cut(entries, [*_gaps(event), *_gaps_of(deliveries), _PRINT.encode()])
    parts = zip(deliveries, actions, strict=True)
    return None if line is None else Stencil(table.revision, line, tuple(_part(*each) for each in parts))


def _part(delivery: Delivery, of: tuple[Subscriber, Action]) -> _Part:
    subscriber, action = of
    endpoint = endpoint_part(subscriber.entity_type, subscriber.id, action.path)
    return _Part(delivery, endpoint, subscriber.delay)


def _is_alike(subscriber: Subscriber, action: Action) -> bool:
    """Whether what is made of one event looks like what is made of the next: as far as the settings say."""
    if subscriber.skip_outside is not None or subscriber.redact:
        return False
    if is_composed(action) or action.lapp is not None:
        return False
    return action.target.encoder == "json" and action.target.method not in BODYLESS


def _specimen(
    placing: Placing, event: Event, subscriber: Subscriber, action: Action, number: int
) -> Delivery | None:
    """A delivery that no other looks like, or None when more is decided about it than is the same for all."""
    content, delivery = placing.placed(event, subscriber, action, 0)
    usual = Delivery(
        id=delivery.id,
        message=delivery.message,
        entity_type=subscriber.entity_type,
        entity_id=subscriber.id,
        action=action.path,
        event_id=event.id,
        event_source=event.source,
        event_type=event.type,
        node=placing.node,
        due=subscriber.delay,
        body=hashlib.sha256(event.raw).hexdigest(),
        place=delivery.place,
        headers=delivery.headers,
    )
    if content is not event.raw or delivery != usual:
        return None
    name, message = f"~hookwright~delivery~{number}~", f"~hookwright~message~{number}~"
    return msgspec.structs.replace(delivery, id=name, message=message, due=number)


def _gaps(event: Event) -> Iterator[bytes]:
    """What the line says of this event alone."""
    yield _write(event.id)
    yield _write(event.source)
    yield _when(event)
    yield event.raw


def _gaps_of(deliveries: Iterable[Delivery]) -> Iterator[bytes]:
    for each in deliveries:
        yield each.id.encode()
        yield each.message.encode()
        yield _due(each.due)


def _cut(entries: Sequence[Entry], gaps: Iterable[bytes]) -> tuple[bytes, ...] | None:
    """The text of the one line with nothing in the gaps; None unless each is found, once."""
    text = entries[0].fields
    if len(entries) > 1 or not isinstance(text, bytes):
        return None
    pieces: list[bytes] = []
    for gap in gaps:
        before, found, text = text.partition(gap)
        if not found or gap in text:
            return None
        pieces += (before, b"")
    return (*pieces, text)


def _when(event: Event) -> bytes:
    """The members of the line between the event's type and its data."""
    if event.time is None and event.subject is None:
        return b""
    time = b"" if event.time is None else b',"time":' + _write(event.time)
    return time if event.subject is None else time + b',"subject":' + _write(event.subject)


@lru_cache(maxsize=256)  # most are due at once, and many come within a millisecond
def _due(instant: int) -> bytes:
    return timestamp(instant).encode()
