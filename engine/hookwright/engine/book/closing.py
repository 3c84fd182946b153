"""A closed batch becomes a delivery: its list is encoded, once and for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog

from hookwright.plugins.hookspecs import Encoder

from ..call.encoding import Body, refused
from ..call.mask import REDACTED, Mask
from ..delivery import BatchPlan
from ..errors import JournalError
from ..hops import hops_of
from ..identifiers import batch_message_id, delivery_id
from ..journal.opened import Batched, opened_entries
from ..journal.origin import Origin
from ..journal.sealing import Concealed, SealBroken, Secret, Vault
from ..journal.writer import Entry
from .gathering import Closing
from .half import Half
from .listing import UNSAID, Made, list_of, revealed, shown_of

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
    made, hidden = _whole(members, plan, encoders, vault)
    body = made.body
    if body.refusal is None:
        try:
            concealed = _concealed(made, hidden, members, plan, encoders, vault) if hidden else None
            return opened_entries(_opened(closing, members, made), body.content, concealed)
        except JournalError as error:
            body = refused(plan.encoder, str(error))
    log.error("batch_refused", members=len(members), refusal=body.refusal)
    return opened_entries(_opened(closing, members, Made(body)), b"")


def _whole(
    members: Sequence[Origin], plan: BatchPlan, encoders: Mapping[str, Encoder], vault: Vault
) -> tuple[Made, tuple[str, ...]]:
    """The list as its events came, and what of it is hidden."""
    try:
        secrets = [each.secret(vault) for each in members]
    except SealBroken as error:
        return Made(Body(b"", (), ("poison", str(error)))), ()
    data = [each.body for each in secrets]
    made = list_of(members, data, plan, encoders)
    hidden = {value for each in secrets for value in each.hidden}
    if hidden and made.body.refusal:
        kind, reason = made.body.refusal
        said = UNSAID if kind == "template" else Mask(hidden=hidden).cut(reason)
        made = Made(replace(made.body, refusal=(kind, said)))
    elif hidden and plan.template:
        hidden |= revealed(members, data, plan)
    return made, tuple(sorted(hidden))


def _concealed(
    made: Made,
    hidden: tuple[str, ...],
    members: Sequence[Origin],
    plan: BatchPlan,
    encoders: Mapping[str, Encoder],
    vault: Vault,
) -> Concealed:
    """The list sealed, and what may be read of it: the list of what may be read of its events."""
    raws, mask, body = [each.raw for each in members], Mask(hidden=hidden), made.body
    shown = list_of(members, raws, plan, encoders).body
    headers = tuple((name, mask(value)) for name, value in body.headers)
    content = REDACTED.encode() if shown.refusal else shown.content
    slots = shown_of(members, raws, plan) if made.filled else ()
    return vault.conceal(Secret(body.content, body.headers, hidden, made.filled), content, headers, slots)


def _opened(closing: Closing | Half, members: Sequence[Origin], made: Made) -> Batched:
    body = made.body
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
        filled=made.filled,
        members=tuple(each.planned.id for each in members),
        opened=closing.opened,
        closed=closing.reason,
        key=key,
        half_of=origin,
        split=closing.split(len(members)),
    )
