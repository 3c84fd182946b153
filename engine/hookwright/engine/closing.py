"""A closed batch becomes a delivery: its list is encoded, once and for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import structlog

from hookwright.plugins.hookspecs import BodyContext, Encoded, Encoder

from .acceptance import Origin
from .delivery import BatchPlan, batch_message_id, delivery_id
from .errors import JournalError
from .gathering import Closing
from .instant import timestamp
from .journal import Entry
from .opened import Batched, opened_entries
from .strictjson import decode

_REASON_LIMIT = 500  # characters of what an encoder says

log = structlog.get_logger(__name__)


class EncoderFailed(Exception):
    """No body could be made; the message says why."""


def batch_entries(
    closing: Closing, members: Sequence[Origin], encoders: Mapping[str, Encoder]
) -> list[Entry]:
    """The lines that put a closed batch into the journal. `members` are those that can be read, in order.

    A batch that cannot be encoded, or that no line holds, is journalled all the same, with the reason why it
    cannot be sent: its members must not wait forever.
    """
    plan = closing.group.plan
    try:
        encoded = _encode(members, plan, encoders)
        return opened_entries(_opened(closing, members, encoded.headers), encoded.body)
    except (EncoderFailed, JournalError) as error:
        log.error("batch_refused", encoder=plan.encoder, members=len(members), reason=str(error))
        refusal = (f"plugin:{plan.encoder}", str(error)[:_REASON_LIMIT])
        return opened_entries(_opened(closing, members, refusal=refusal), b"")


def _encode(members: Sequence[Origin], plan: BatchPlan, encoders: Mapping[str, Encoder]) -> Encoded:
    """The list in its encoding. Raises `EncoderFailed` for whatever an encoder does: it is anybody's code."""
    encoder = encoders.get(plan.encoder)
    if encoder is None:
        raise EncoderFailed(f"there is no encoder {plan.encoder!r} here")
    first = members[0]
    context = BodyContext(
        content_type=plan.content_type,
        event_id=first.event.id,
        event_type=first.event.type,
        entity_type=first.planned.entity_type,
        entity_id=first.planned.entity_id,
        raw=b"[%b]" % b",".join(each.raw for each in members),
    )
    try:
        encoded = encoder.encode([decode(each.raw) for each in members], context)
        if not isinstance(encoded.body, bytes):
            raise EncoderFailed(f"encoder {plan.encoder!r} made {type(encoded.body).__name__}, not bytes")
    except EncoderFailed:
        raise
    except Exception as error:
        raise EncoderFailed(f"encoder {plan.encoder!r} failed: {error}") from error
    return encoded


def _opened(
    closing: Closing,
    members: Sequence[Origin],
    headers: tuple[tuple[str, str], ...] = (),
    refusal: tuple[str, str] | None = None,
) -> Batched:
    first, planned, key = members[0], members[0].planned, closing.group.plan.key
    message = batch_message_id(planned.delivery(first.event, node=""), key)
    return Batched(
        id=delivery_id(message),
        message=message,
        entity_type=planned.entity_type,
        entity_id=planned.entity_id,
        action=planned.action,
        event_id=first.event.id,
        event_source=first.event.source,
        event_type=first.event.type,
        due=timestamp(closing.batch.due),
        revision=first.revision,
        place=planned.place,
        headers=headers,
        test=planned.test,
        refusal=refusal,
        members=tuple(each.planned.id for each in members),
        opened=timestamp(closing.batch.opened),
        closed=closing.batch.reason,
        key=key,
    )
