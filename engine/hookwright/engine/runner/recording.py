"""Recording: what a run's records say in the journal, with what nobody may read sealed; and back again."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from ..call.mask import REDACTED, Mask
from ..instant import milliseconds, timestamp
from ..journal.runs import StepLine
from ..journal.sealing import SealBroken, Secret, Vault
from ..run.record import StepError, StepRecord

_encode = msgspec.json.Encoder().encode
MOST = 64 * 1024  # bytes of an input or an output that can be read


class _Whole(Struct, frozen=True):
    """What is sealed of a record."""

    input: Any
    output: Any
    reason: str


def step_line(
    run: str, record: StepRecord, mask: Mask | None, news: Collection[str], vault: Vault
) -> StepLine:
    """A record as the journal keeps it, with all that `mask` hides sealed, and the `news` of what it hides.

    Raises `JournalError` when no key can be had for what is hidden.
    """
    shown = (_shown(record.input, mask), _shown(record.output, mask))
    reason = record.error.reason if record.error else ""
    told = mask.cut(reason) if mask else reason
    sealed = ""
    if news or shown != (_raw(record.input), _raw(record.output)) or told != reason:
        whole = _encode(_Whole(record.input, record.output, reason))
        sealed = vault.seal(Secret(whole, (), tuple(sorted(news))))
    return StepLine(
        run=run,
        path=record.path,
        state=record.state,
        step_at=timestamp(record.at),
        until=None if record.until is None else timestamp(record.until),
        input=shown[0],
        output=shown[1],
        error=(record.error.kind, told) if record.error else None,
        place=record.place,
        round=record.round,
        delivery=record.delivery,
        seen=_seen(record.output),
        sealed=sealed,
    )


def record_of(line: StepLine, vault: Vault) -> tuple[StepRecord, frozenset[str]]:
    """The record of a line, and what is hidden of it. What cannot be opened any more is as it may be read."""
    found, output, hidden = _plain(line.input), _plain(line.output), frozenset[str]()
    reason = line.error[1] if line.error else ""
    if line.sealed:
        try:
            secret = vault.open(line.sealed)
            whole = msgspec.json.decode(secret.body, type=_Whole)
            found, output, reason, hidden = whole.input, whole.output, whole.reason, frozenset(secret.hidden)
        except (SealBroken, OSError, msgspec.DecodeError):
            pass
    return StepRecord(
        path=line.path,
        state=line.state,
        at=milliseconds(line.step_at),
        until=None if line.until is None else milliseconds(line.until),
        input=found,
        output=output,
        error=StepError(kind=line.error[0], reason=reason) if line.error else None,
        place=line.place,
        round=line.round,
        delivery=line.delivery,
    ), hidden


def _raw(value: Any) -> Raw | UnsetType:
    return UNSET if value is None else Raw(_encode(value))


def _plain(value: Raw | UnsetType) -> Any:
    return None if isinstance(value, UnsetType) else msgspec.json.decode(value)


def _shown(value: Any, mask: Mask | None) -> Raw | UnsetType:
    if value is None:
        return UNSET
    raw = _encode(_masked(value, mask) if mask else value)
    return Raw(raw if len(raw) <= MOST else _encode("[too large to be shown]"))


def _masked(value: Any, mask: Mask) -> Any:
    if isinstance(value, dict):
        return {mask(name): _masked(each, mask) for name, each in value.items()}
    if isinstance(value, list):
        return [_masked(each, mask) for each in value]
    if isinstance(value, str):
        return mask(value)
    if value is None or isinstance(value, bool):
        return value
    return REDACTED if msgspec.json.encode(value).decode() in mask.hidden else value


def _seen(output: Any) -> tuple[str, str] | None:
    """Source and id of the event that ended a wait."""
    event = output.get("event") if isinstance(output, dict) and "timed_out" in output else None
    return (str(event["source"]), str(event["id"])) if isinstance(event, dict) else None
