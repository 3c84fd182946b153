"""A closed batch becomes a delivery: its list is encoded, once and for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog

from hookwright.plugins.hookspecs import BodyContext, Encoder

from ..call.encoding import Body, encode_body, refused
from ..call.mask import REDACTED, Mask
from ..delivery import BatchPlan
from ..errors import JournalError
from ..hops import hops_of
from ..identifiers import batch_message_id, delivery_id
from ..journal.acceptance import Origin
from ..journal.opened import Batched, opened_entries
from ..journal.sealing import Concealed, SealBroken, Secret, Vault
from ..journal.writer import Entry
from ..strictjson import decode
from .gathering import Closing
from .half import Half

log = structlog.get_logger(__name__)


def batch_entries(
    closing: Closing | Half, members: Sequence[Origin], encoders: Mapping[str, Encoder], vault: Vault
) -> list[Entry]:
    """The lines that put a closed batch, or half of one, into the journal.

    `members` are those that can be read, in order.
    A batch that cannot be encoded, or that no line holds, is journalled all the same, with the reason why it
    cannot be sent: its members must not wait forever.
    """
    plan = closing.plan
    body, hidden = _whole(members, plan, encoders, vault)
    if body.refusal is None:
        try:
            concealed = _concealed(body, hidden, members, plan, encoders, vault) if hidden else None
            return opened_entries(_opened(closing, members, body), body.content, concealed)
        except JournalError as error:
            body = refused(plan.encoder, str(error))
    log.error("batch_refused", members=len(members), refusal=body.refusal)
    return opened_entries(_opened(closing, members, body), b"")


def _whole(
    members: Sequence[Origin], plan: BatchPlan, encoders: Mapping[str, Encoder], vault: Vault
) -> tuple[Body, tuple[str, ...]]:
    """The list as its events came, and what of it is hidden."""
    try:
        secrets = [each.secret(vault) for each in members]
    except SealBroken as error:
        return Body(b"", (), ("poison", str(error))), ()
    body = _encoded(members, [each.body for each in secrets], plan, encoders)
    hidden = tuple(sorted({value for each in secrets for value in each.hidden}))
    if hidden and body.refusal:
        kind, reason = body.refusal
        body = replace(body, refusal=(kind, Mask(hidden=hidden).cut(reason)))
    return body, hidden


def _concealed(
    body: Body,
    hidden: tuple[str, ...],
    members: Sequence[Origin],
    plan: BatchPlan,
    encoders: Mapping[str, Encoder],
    vault: Vault,
) -> Concealed:
    """The list sealed, and what may be read of it: the list of what may be read of its events."""
    shown, mask = _encoded(members, [each.raw for each in members], plan, encoders), Mask(hidden=hidden)
    headers = tuple((name, mask(value)) for name, value in body.headers)
    content = REDACTED.encode() if shown.refusal else shown.content
    return vault.conceal(Secret(body.content, body.headers, hidden), content, headers)


def _encoded(
    members: Sequence[Origin], data: Sequence[bytes], plan: BatchPlan, encoders: Mapping[str, Encoder]
) -> Body:
    """The list in its encoding, or why there is none."""
    first = members[0]
    context = BodyContext(
        content_type=plan.content_type,
        event_id=first.event.id,
        event_type=first.event.type,
        entity_type=first.planned.entity_type,
        entity_id=first.planned.entity_id,
        raw=b"[%b]" % b",".join(data),
    )
    return encode_body(encoders, plan.encoder, list(map(decode, data)), context)


def _opened(closing: Closing | Half, members: Sequence[Origin], body: Body) -> Batched:
    first, planned, key = members[0], members[0].planned, closing.plan.key
    if isinstance(closing, Half):
        message, origin = closing.message, closing.batch.id
    else:
        message, origin = batch_message_id(planned.delivery(first.event, node=""), key), ""
    return Batched(
        id=delivery_id(message),
        message=message,
        entity_type=planned.entity_type,
        entity_id=planned.entity_id,
        action=planned.action,
        event_id=first.event.id,
        event_source=first.event.source,
        event_type=first.event.type,
        due=closing.due,
        revision=first.revision,
        place=planned.place,
        headers=body.headers,
        test=planned.test,
        hops=max(hops_of(each.event.extensions.items()) for each in members),
        refusal=body.refusal,
        members=tuple(each.planned.id for each in members),
        opened=closing.opened,
        closed=closing.reason,
        key=key,
        half_of=origin,
        split=closing.split(len(members)),
    )
