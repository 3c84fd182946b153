"""Listing: the body of a batch, its events' data as one list or what a template makes of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hookwright.plugins.errors import InvalidHeader
from hookwright.plugins.hookspecs import BodyContext, Encoder
from hookwright.rules.event import JSON

from ..call.batch_template import read_template
from ..call.encoding import Body, encode_body
from ..call.filling import (
    CannotFill,
    Filled,
    Scope,
    filled_body,
    filled_slots,
    raw,
    revealing,
    scope_of_batch,
    shown_slots,
    templates_of,
)  # fmt: skip
from ..delivery import BatchPlan
from ..journal.acceptance import JournalledEvent
from ..journal.origin import Origin
from ..strictjson import decode

UNSAID = "a template cannot be filled in; why is not said, as something of its events is redacted"


@dataclass(frozen=True, slots=True)
class Made:
    """A body, and what stands in the slots of its call."""

    body: Body
    filled: Filled = ()


def list_of(
    members: Sequence[Origin], data: Sequence[bytes], plan: BatchPlan, encoders: Mapping[str, Encoder]
) -> Made:
    """The list in its encoding, or why there is none. `data` are the members' data as JSON."""
    values, listed = list(map(decode, data)), b"[%b]" % b",".join(data)
    if not plan.template:
        return Made(_encoded(members, values, listed, plan, encoders))
    target, scope = read_template(plan.template), _scope(members, values)
    try:
        filled = filled_slots(target, scope)
        if target.body is None:
            return Made(_encoded(members, values, listed, plan, encoders), filled)
        value = filled_body(target.body, plan.encoder, scope)
    except CannotFill as error:
        return _refused("template", error.reason)
    except InvalidHeader as error:
        return _refused("invalid_header", str(error))
    return Made(_encoded(members, value, raw(value), plan, encoders), filled)


def revealed(members: Sequence[Origin], data: Sequence[bytes], plan: BatchPlan) -> set[str]:
    """What the templates make of what is redacted in these data."""
    scopes = (_scope(members, list(map(decode, each))) for each in (data, [each.raw for each in members]))
    return set(revealing(templates_of(read_template(plan.template)), *scopes))


def shown_of(members: Sequence[Origin], data: Sequence[bytes], plan: BatchPlan) -> Filled:
    """What may be read of the slots, where `data` may be read."""
    return shown_slots(read_template(plan.template), _scope(members, list(map(decode, data))))


def _encoded(
    members: Sequence[Origin], value: JSON, written: bytes, plan: BatchPlan, encoders: Mapping[str, Encoder]
) -> Body:
    first = members[0]
    context = BodyContext(
        content_type=plan.content_type,
        event_id=first.event.id,
        event_type=first.event.type,
        entity_type=first.planned.entity_type,
        entity_id=first.planned.entity_id,
        raw=written,
    )
    return encode_body(encoders, plan.encoder, value, context)


def _scope(members: Sequence[Origin], values: Sequence[JSON]) -> Scope:
    return scope_of_batch(
        [(_attributes(each.event), value) for each, value in zip(members, values, strict=True)]
    )


def _attributes(event: JournalledEvent) -> Mapping[str, JSON]:
    return {
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "time": event.time,
        "subject": event.subject,
    }


def _refused(kind: str, reason: str) -> Made:
    return Made(Body(b"", (), (kind, " ".join(reason.split())[:500])))
