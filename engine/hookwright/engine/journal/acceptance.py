"""The `accepted` lines: an event with its deliveries as the journal keeps them, written and read back."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec
from msgspec import Raw, Struct, UnsetType

from hookwright.rules.event import Event

from ..delivery import BatchPlan, DedupePlan, Delivery, Emitted, OrderPlan
from ..hops import hops_of
from ..instant import milliseconds, timestamp
from .carried import Carried
from .grouping import ROOM, body_text, grouped
from .runs import PlannedRun
from .sealing import SealedEvent, Secret, Vault
from .writer import Entry

_JSON_SPACE = b" \t\r\n"
_encode = msgspec.json.Encoder().encode
NO_DATA = Raw(b"")  # this very value stands for "no data" and is left out of a line


class JournalledEvent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The event in a line. `data` is its data byte for byte, or, when those bytes hold a line break or begin
    or end with white space, the same value on one line; then `data_text` is the exact text.

    Where something is redacted, `data` is what may be read, and the `size` bytes that came are `sealed`.
    """

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    time: str | None = None
    subject: str | None = None
    extensions: Mapping[str, bool | int | str] = {}
    data: Raw = NO_DATA
    data_text: str | None = None
    sealed: str | UnsetType = msgspec.UNSET
    size: int | UnsetType = msgspec.UNSET

    @property
    def raw(self) -> bytes:
        """`data` exactly as the sender wrote it, but for what is redacted."""
        return bytes(self.data) if self.data_text is None else self.data_text.encode()


class Planned(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, gc=False):
    """One delivery in a line. `body` says which bytes it sends: the event's data, or its own `text` (plain,
    base64 or sealed). Of one that is sealed, `shown`, `headers` and `filled` are what may be read. `carried`
    says how it stood when it was written anew.
    """

    id: str
    message: str
    entity_type: str
    entity_id: str
    due: str
    body: Literal["data", "text", "base64", "sealed"]
    action: str = ""
    place: str = msgspec.field(default="", name="from")
    text: str | UnsetType = msgspec.UNSET
    headers: tuple[tuple[str, str], ...] = ()
    batch: BatchPlan | None = None
    refusal: tuple[str, str] | None = None
    test: bool = False
    shown: str = ""
    order: OrderPlan | None = None
    dedupe: DedupePlan | None = None
    filled: tuple[tuple[str, str], ...] = ()
    notifier: str = ""
    emission: Emitted | None = None
    carried: Carried | None = None

    def content(self, event: JournalledEvent) -> bytes:
        """The bytes to send, or what may be read of them."""
        if self.body == "data":
            return event.raw
        if self.body == "sealed":
            return self.shown.encode()
        text = self.text or ""
        return text.encode() if self.body == "text" else base64.b64decode(text)

    def secret(self, event: JournalledEvent, vault: Vault) -> Secret:
        """What is sent, opened if it is sealed. Raises `SealBroken`, and `OSError` for the key."""
        if self.body == "sealed":
            return vault.open(self.text or "")
        if self.body == "data" and event.sealed:
            return msgspec.structs.replace(vault.open(event.sealed), headers=self.headers)
        hidden = vault.open(event.sealed).hidden if event.sealed else ()
        return Secret(self.content(event), self.headers, hidden)

    def sendable(self, event: JournalledEvent, node: str, vault: Vault) -> tuple[Delivery, bytes]:
        """The delivery as it was when it was accepted by this node, and the bytes to send.

        Raises `SealBroken`, and `OSError` for the key.
        """
        delivery, secret = self.delivery(event, node), self.secret(event, vault)
        body = hashlib.sha256(secret.body).hexdigest()
        hidden, headers = secret.hidden, secret.headers
        delivery = msgspec.structs.replace(delivery, body=body, headers=headers, hidden=hidden)
        if self.body == "sealed" and self.filled:
            delivery = msgspec.structs.replace(delivery, filled=secret.filled, shown=self.filled)
        return delivery, secret.body

    def delivery(self, event: JournalledEvent, node: str) -> Delivery:
        """The delivery as far as it may be read."""
        return Delivery(
            id=self.id,
            message=self.message,
            entity_type=self.entity_type,
            entity_id=self.entity_id,
            action=self.action,
            event_id=event.id,
            event_source=event.source,
            event_type=event.type,
            node=node,
            due=milliseconds(self.due),
            body=hashlib.sha256(self.content(event)).hexdigest(),
            place=self.place,
            headers=self.headers,
            batch=self.batch,
            refusal=self.refusal,
            test=self.test,
            hops=hops_of(event.extensions.items()),
            order=self.order,
            dedupe=self.dedupe,
            filled=self.filled,
            notifier=self.notifier,
            emission=self.emission,
        )


class Accepted(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The fields of an `accepted` line. `more` says that `accepted+` lines follow."""

    event: JournalledEvent
    revision: str
    deliveries: tuple[Planned, ...]
    fingerprint: str = ""
    more: bool = False
    runs: tuple[PlannedRun, ...] = ()


class AcceptedMore(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The fields of an `accepted+` line; the last of a group is `done`."""

    deliveries: tuple[Planned, ...]
    done: bool = False


def accepted_entries(
    event: Event,
    revision: str,
    deliveries: Sequence[Delivery],
    bodies: Mapping[str, bytes],
    fingerprint: str = "",
    sealed: SealedEvent | None = None,
    runs: tuple[PlannedRun, ...] = (),
) -> list[Entry]:
    """The lines that accept an event, for one `Writer.append_many`: usually one.

    `bodies` holds the encoded bodies by SHA-256 (hex). `fingerprint` identifies the event's content; it tells
    a repeated event from another one under the same id. `sealed` is how the event is kept where something of
    it is redacted. Raises `JournalError` when a single event or body is too large for a line.
    """
    known = (digest for digest, body in bodies.items() if body is event.raw)
    data = next(known, "") or hashlib.sha256(event.raw).hexdigest()
    planned = [_planned(each, data, bodies) for each in deliveries]
    if sealed is None:
        written = _event(event)
    else:
        written = msgspec.structs.replace(_event(sealed.event), sealed=sealed.data, size=len(event.raw))
        planned = [_concealed(each, sealed) for each in planned]
    whole = Accepted(
        event=written, revision=revision, deliveries=tuple(planned), fingerprint=fingerprint, runs=runs
    )
    text = _encode(whole)[1:-1]
    if len(text) <= ROOM:
        return [Entry("accepted", text)]
    alone = msgspec.structs.replace(whole, deliveries=())
    groups = grouped(planned, first=ROOM - len(_encode(alone)))
    first = msgspec.structs.replace(alone, deliveries=tuple(groups[0]), more=len(groups) > 1)
    rest = [
        Entry("accepted+", AcceptedMore(deliveries=tuple(group), done=number == len(groups)))
        for number, group in enumerate(groups[1:], start=2)
    ]
    return [Entry("accepted", first), *rest]


def _event(event: Event) -> JournalledEvent:
    one_line = event.raw.replace(b"\r", b" ").replace(b"\n", b" ").strip(_JSON_SPACE)
    return JournalledEvent(
        specversion="1.0",
        id=event.id,
        source=event.source,
        type=event.type,
        time=event.time,
        subject=event.subject,
        extensions=dict(event.extensions),
        data=Raw(one_line) if one_line else NO_DATA,
        data_text=None if one_line == event.raw else event.raw.decode(),
    )


def _planned(delivery: Delivery, data: str, bodies: Mapping[str, bytes]) -> Planned:
    body: Literal["data", "text", "base64"] = "data"
    text: str | UnsetType = msgspec.UNSET
    if delivery.body != data:
        body, text = body_text(bodies[delivery.body])
    return Planned(
        id=delivery.id,
        message=delivery.message,
        entity_type=delivery.entity_type,
        entity_id=delivery.entity_id,
        due=timestamp(delivery.due),
        body=body,
        action=delivery.action,
        place=delivery.place,
        text=text,
        headers=delivery.headers,
        batch=delivery.batch,
        refusal=delivery.refusal,
        test=delivery.test,
        order=delivery.order,
        dedupe=delivery.dedupe,
        filled=delivery.filled,
        notifier=delivery.notifier,
        emission=delivery.emission,
    )


def _concealed(planned: Planned, sealed: SealedEvent) -> Planned:
    found = sealed.bodies.get(planned.id)
    if found is None:
        return planned
    return msgspec.structs.replace(
        planned,
        body="sealed",
        text=found.text,
        headers=found.headers,
        shown=found.shown,
        filled=found.filled,
    )
