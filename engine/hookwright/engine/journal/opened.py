"""The lines that open a delivery which no event opened directly: a batch, a notice, a replay."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct, ValidationError

from ..batch import Reason
from ..delivery import Delivery, Emitted, OrderPlan, Splitting
from ..errors import JournalError
from ..instant import milliseconds
from .carried import CARRIED, Carried
from .grouping import body_text
from .line import LINE_LIMIT, Line
from .reader import Found, Reader, read_at
from .sealing import Concealed, vault_of
from .segment import Position
from .writer import Entry

_ROOM = LINE_LIMIT - 1024  # what is left for the fields beside the envelope
_PIECE = LINE_LIMIT // 8  # characters a line; JSON may need six bytes for one. A multiple of four, for base64

Subject = Literal["failure", "disabled", "test"]


class Opened(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A delivery with all that is needed to send it. `due` is RFC 3339; `text` is the body, or its beginning.

    `refusal` is (error class, reason) when it is known already that nothing can be sent. `more` says that
    further lines hold the rest of the body. Of one that is sealed, `shown`, `headers` and `filled` are what
    may be read. `hops` is how often its event has come back to a door. `carried` says how it stood when it
    was written anew.
    """

    id: str
    message: str
    entity_type: str
    entity_id: str
    event_id: str
    event_source: str
    event_type: str
    due: str
    revision: str
    body: Literal["text", "base64", "sealed"] = "text"
    action: str = ""
    place: str = msgspec.field(default="", name="from")
    headers: tuple[tuple[str, str], ...] = ()
    test: bool = False
    order: OrderPlan | None = None
    refusal: tuple[str, str] | None = None
    text: str = ""
    more: bool = False
    shown: str = ""
    hops: int = 0
    filled: tuple[tuple[str, str], ...] = ()
    carried: Carried | None = None

    def delivery(self, node: str, body: bytes) -> Delivery:
        """The delivery this node offers; `body` is what it sends."""
        return Delivery(
            id=self.id,
            message=self.message,
            entity_type=self.entity_type,
            entity_id=self.entity_id,
            action=self.action,
            event_id=self.event_id,
            event_source=self.event_source,
            event_type=self.event_type,
            node=node,
            due=milliseconds(self.due),
            body=hashlib.sha256(body).hexdigest(),
            place=self.place,
            headers=self.headers,
            refusal=self.refusal,
            test=self.test,
            hops=self.hops,
            order=self.order,
            filled=self.filled,
        )


class Batched(Opened, frozen=True, kw_only=True, omit_defaults=True):
    """A closed batch. `members` are the deliveries it takes along, in the order of its list; `event_id` and
    `event_source` are those of the first. `opened` is when its window opened, `closed` why it closed.
    It may be `half_of` another batch, whose place it takes. `split` says what its refusal leads to.
    """

    members: tuple[str, ...]
    opened: str
    closed: Reason
    key: str = ""
    half_of: str = ""
    split: Splitting | None = None

    def delivery(self, node: str, body: bytes) -> Delivery:
        return msgspec.structs.replace(super().delivery(node, body), split=self.split)


class Noticed(Opened, frozen=True, kw_only=True, omit_defaults=True):
    """Something `notifier` has to tell, `about` these deliveries. The body is the notice as JSON.

    It tells all that stands before it in the bookkeeper's lines, and of which it `tells`, of its subscriber.
    """

    notifier: str
    about: tuple[str, ...] = ()
    tells: Subject = "failure"

    def delivery(self, node: str, body: bytes) -> Delivery:
        return msgspec.structs.replace(super().delivery(node, body), notifier=self.notifier)


class Replayed(Opened, frozen=True, kw_only=True, omit_defaults=True):
    """The delivery `of` once more, with the same message id and bytes; `by` whom, and `why`.

    `job` is the replay of many that it belongs to, if any.
    """

    of: str
    round: int
    by: str
    why: str = ""
    job: str = ""
    notifier: str = ""
    emission: Emitted | None = None

    def delivery(self, node: str, body: bytes) -> Delivery:
        found = super().delivery(node, body)
        return msgspec.structs.replace(found, notifier=self.notifier, emission=self.emission)


class Acted(Opened, frozen=True, kw_only=True, omit_defaults=True):
    """What a `run` asked for in `step` (the path of its record), in that `round` of it. A `notifier` tells
    it, if there is one; an `emission` goes back to the door.
    """

    run: str
    step: str
    round: int = 0
    notifier: str = ""
    emission: Emitted | None = None

    def delivery(self, node: str, body: bytes) -> Delivery:
        found = super().delivery(node, body)
        return msgspec.structs.replace(found, notifier=self.notifier, emission=self.emission)


class OpenedMore(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The fields of a line that holds more of a body; the last of a group is `done`."""

    text: str
    done: bool = False


_FIRST: Mapping[str, type[Opened]] = {
    "batch": Batched,
    "notice": Noticed,
    "replay": Replayed,
    "action": Acted,
}
_KIND = {shape: kind for kind, shape in _FIRST.items()}
OPENED: Mapping[str, type[Opened]] = {**_FIRST, **{f"{CARRIED}_{kind}": _FIRST[kind] for kind in _FIRST}}
OPENED_MORE: Mapping[str, type[OpenedMore]] = {f"{kind}+": OpenedMore for kind in OPENED}


def opened_entries(opened: Opened, body: bytes, concealed: Concealed | None = None) -> list[Entry]:
    """The lines that open a delivery sending `body`, for one `Writer.append_many`: usually one.

    `concealed` is how the body is kept where something of it is redacted. Raises `JournalError` when what
    stands beside the body is too large for a line.
    """
    form, text = ("sealed", concealed.text) if concealed else body_text(body)
    if concealed:
        opened = msgspec.structs.replace(
            opened, headers=concealed.headers, shown=concealed.shown, filled=concealed.filled
        )
    return _entries(_KIND[type(opened)], msgspec.structs.replace(opened, body=form), text, _ROOM)


def carried_entries(opened: Opened, text: str, carried: Carried) -> list[Entry]:
    """The lines that open it anew, with what `read_written` gave."""
    kind = f"{CARRIED}_{_KIND[type(opened)]}"
    return _entries(kind, msgspec.structs.replace(opened, carried=carried), text, LINE_LIMIT)


def _entries(kind: str, opened: Opened, text: str, room: int) -> list[Entry]:
    pieces = [text[start : start + _PIECE] for start in range(0, len(text), _PIECE)] or [""]
    first = msgspec.structs.replace(opened, text=pieces[0], more=len(pieces) > 1)
    if len(msgspec.json.encode(first)) > room:
        raise JournalError(
            f"the {kind} for {opened.entity_type}/{opened.entity_id} is too large for the journal"
        )
    rest = [
        Entry(f"{kind}+", OpenedMore(text=piece, done=number == len(pieces)))
        for number, piece in enumerate(pieces[1:], start=2)
    ]
    return [Entry(kind, first), *rest]


def read_opened(folder: Path, position: Position) -> tuple[Opened, bytes] | None:
    """What the lines at a position open, and its body as far as it may be read; None when they cannot be read
    there (any more).
    """
    found = read_written(folder, position)
    if found is None:
        return None
    opened, text = found
    if opened.body == "sealed":
        return opened, opened.shown.encode()
    try:
        return opened, text.encode() if opened.body == "text" else base64.b64decode(text, validate=True)
    except binascii.Error:
        return None


def read_sendable(folder: Path, position: Position, node: str) -> tuple[Delivery, bytes] | None:
    """What the lines at a position open, as this node offers it, and the bytes to send; None as above.

    Raises `SealBroken`, and `OSError` for the key.
    """
    found = read_written(folder, position)
    if found is None or found[0].body != "sealed":
        read = read_opened(folder, position)
        return None if read is None else (read[0].delivery(node, read[1]), read[1])
    opened, text = found
    secret = vault_of(folder).open(text)
    delivery = opened.delivery(node, secret.body)
    delivery = msgspec.structs.replace(delivery, headers=secret.headers, hidden=secret.hidden)
    if opened.filled:
        delivery = msgspec.structs.replace(delivery, filled=secret.filled, shown=opened.filled)
    return delivery, secret.body


def read_written(folder: Path, position: Position) -> tuple[Opened, str] | None:
    """The same with the text of its body as it is written, sealed or not."""
    line = read_at(folder, position)
    if line is None or line.kind not in OPENED:
        return None
    try:
        opened = line.decode(OPENED[line.kind])
        text = opened.text
        if opened.more:
            after = Position(position.segment, position.offset + len(line.raw) + 1)
            text += "".join(_rest(folder, after, f"{line.kind}+"))
    except (OSError, LookupError, ValidationError):
        return None
    return opened, text


def _rest(folder: Path, position: Position, kind: str) -> Iterator[str]:
    """The further pieces of a body. Raises LookupError when its end is missing."""
    for line in _lines(folder, position):
        more = line.decode(OPENED_MORE[line.kind]) if line.kind == kind else None
        if more is None:
            break
        yield more.text
        if more.done:
            return
    raise LookupError(kind)


def _lines(folder: Path, position: Position) -> Iterator[Line]:
    """The lines from a position on, as long as they are sound. Raises `OSError`."""
    with closing(Reader(folder, position.segment, position.offset)) as reader:
        while found := reader.read():
            for each in found:
                if not isinstance(each, Found):
                    return
                yield each.line
