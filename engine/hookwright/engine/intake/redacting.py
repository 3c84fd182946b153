"""Redacting: what of an event nobody may read later, and the event without it. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from hookwright.rules.event import JSON, Event

from ..call.mask import REDACTED, Mask
from ..delivery import Delivery
from ..journal.runs import PlannedRun

LONGEST = 384 * 1024  # bytes of the data that can be read: masking makes short values longer
NOTHING = hashlib.sha256(b"").hexdigest()
MOST_SEALED = 600 * 1024  # bytes of a body that has room, sealed, in a line of the journal

Path: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Redaction:
    """The values of one event that are hidden, and the event as it may be read."""

    hidden: tuple[str, ...]
    mask: Mask
    shown: Event

    def delivery(self, delivery: Delivery, body: bytes) -> Delivery:
        """One delivery of the event: it knows what is hidden, and says none of it."""
        if len(body) > MOST_SEALED:
            reason = f"the body of {len(body):,} bytes is too large to be kept redacted"
            delivery = msgspec.structs.replace(delivery, refusal=("poison", reason), body=NOTHING, headers=())
        refusal = delivery.refusal and (delivery.refusal[0], self.mask.cut(delivery.refusal[1]))
        return msgspec.structs.replace(delivery, hidden=self.hidden, refusal=refusal)

    def run(self, run: PlannedRun) -> PlannedRun:
        """A run that the event begins, the same way."""
        refusal = run.refusal and (run.refusal[0], self.mask.cut(run.refusal[1]))
        return msgspec.structs.replace(run, refusal=refusal)


def redact(event: Event, paths: Collection[Path]) -> Redaction | None:
    """What the fields at `paths` hide of an event; None when it has none of them.

    A field is hidden with all that is below it, and its values wherever else they stand in the event. Its id,
    source and type are what it is found by, and stay.
    """
    without, found = event.data, list[JSON]()
    for path in sorted(paths):
        without = _without(without, path, found)
    hidden = tuple(sorted({text for value in found for text in _texts(value)}))
    if not found:
        return None
    mask = Mask(hidden=hidden)
    data = masked(without, mask)
    raw = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
    if len(raw) > LONGEST:
        data, raw = REDACTED, b'"%b"' % REDACTED.encode()
    shown = msgspec.structs.replace(
        event,
        data=data,
        raw=raw,
        subject=event.subject and mask(event.subject),
        extensions=tuple(
            (name, mask(value) if isinstance(value, str) else value) for name, value in event.extensions
        ),
    )
    return Redaction(hidden, mask, shown)


def _without(value: JSON, path: Sequence[str], found: list[JSON]) -> JSON:
    """The value without what stands at `path`, which goes into `found`; a list stands for its entries."""
    if isinstance(value, list):
        return [_without(each, path, found) for each in value]
    if not isinstance(value, dict) or path[0] not in value:
        return value
    below = value[path[0]]
    if len(path) > 1:
        return value | {path[0]: _without(below, path[1:], found)}
    if below == REDACTED:
        return value
    found.append(below)
    return value | {path[0]: REDACTED}


def _texts(value: JSON) -> Iterator[str]:
    """Every text and number in a value, as texts. True, false and null are in everything."""
    if isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, str):
        yield value
    elif value is not None and not isinstance(value, bool):
        yield json.dumps(value)


def masked(value: JSON, mask: Mask) -> JSON:
    """The value with what is hidden masked in all its texts, names and numbers."""
    if isinstance(value, dict):
        return {mask(name): masked(each, mask) for name, each in value.items()}
    if isinstance(value, list):
        return [masked(each, mask) for each in value]
    if isinstance(value, str):
        return mask(value)
    if value is None or isinstance(value, bool):
        return value
    return REDACTED if json.dumps(value) in mask.hidden else value
