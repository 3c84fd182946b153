"""Composing: what a delivery says where that is not the event's data as it came. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec

from hookwright.plugins.errors import InvalidHeader
from hookwright.plugins.hookspecs import BodyContext, Encoder, Notice
from hookwright.rules.errors import ExpressionError
from hookwright.rules.event import Event
from hookwright.rules.expression import fill, fill_text
from hookwright.rules.expression.slots import slots_in
from hookwright.rules.model import Action, Subscriber
from hookwright.rules.telling import Emission, Message

from ..call.configuring import CONFIG, config_slots, filled_config
from ..call.encoding import Body, encode_body
from ..call.filling import (
    CannotFill,
    Filled,
    Scope,
    filled_body,
    filled_slots,
    raw,
    revealing,
    shown_slots,
    templates_of,
)
from ..call.mask import REDACTED
from ..delivery import Delivery, Emitted

_TITLE = 200  # characters
_UNSAID = "a template cannot be filled in; why is not said, as something of the event is redacted"
_REDACTED_EVENT = "the event to emit would carry what is redacted, where everybody could read it"


@dataclass(frozen=True, slots=True)
class Composed:
    """A body with what stands in the slots of its call, or with the event it is the data of."""

    body: Body
    filled: Filled = ()
    emission: Emitted | None = None


def is_composed(action: Action) -> bool:
    """Whether anything is filled in for what an action sends, or it sends something else than calls do."""
    target = action.target
    filled = target.slots or target.body or (action.lapp and config_slots(action.lapp))
    return bool(filled or action.message or action.emission)


def composed(
    encoders: Mapping[str, Encoder],
    content: Event,
    scope: Scope,
    subscriber: Subscriber,
    action: Action,
    message: str,
    now: int,
) -> Composed:
    """What the action sends for `content`, its templates filled in from `scope`; what cannot be is told in
    the refusal, never raised. `message` is the message's id, `now` Unix milliseconds.
    """
    try:
        if action.message is not None:
            return Composed(_notice(action.message, scope, subscriber, message, now))
        if action.emission is not None:
            return _emitted(action.emission, scope)
        filled = _filled(action, scope)
        return Composed(_called(encoders, content, scope, subscriber, action), filled)
    except CannotFill as error:
        return _refused("template", error.reason)
    except ExpressionError as error:
        return _refused("template", str(error))
    except InvalidHeader as error:
        return _refused("invalid_header", str(error))


def concealed(delivery: Delivery, action: Action, scope: Scope, shown: Scope) -> Delivery:
    """A delivery that knows what its templates reveal of what is redacted, and how its slots may be read.

    An event of one's own is an event like others, which anybody may read; so it carries nothing redacted.
    """
    if delivery.refusal is not None and delivery.refusal[0] == "template":
        return msgspec.structs.replace(delivery, refusal=("template", _UNSAID))
    found = {*delivery.hidden, *revealing(_templates(action), scope, shown)}
    if action.emission is not None and len(found) > len(delivery.hidden):
        return msgspec.structs.replace(delivery, refusal=("template", _REDACTED_EVENT), emission=None)
    slots = _shown(action, shown) if delivery.filled else ()
    return msgspec.structs.replace(delivery, hidden=tuple(sorted(found)), shown=slots)


def _filled(action: Action, scope: Scope) -> Filled:
    if action.lapp is not None:
        return filled_config(action.lapp, scope)
    return filled_slots(action.target, scope) if action.target.slots else ()


def _shown(action: Action, shown: Scope) -> Filled:
    if action.lapp is None:
        return shown_slots(action.target, shown)
    try:
        return filled_config(action.lapp, shown)
    except ExpressionError:  # what is left of the event has no such value
        return ((CONFIG, REDACTED),)


def _templates(action: Action) -> Iterator[str]:
    yield from templates_of(action.target)
    if action.message is not None:
        yield from slots_in(action.message.text)
    if action.lapp is not None:
        yield from config_slots(action.lapp)
    if action.emission is not None:
        yield from slots_in([action.emission.subject, action.emission.data])


def _called(
    encoders: Mapping[str, Encoder], content: Event, scope: Scope, subscriber: Subscriber, action: Action
) -> Body:
    target = action.target
    if target.body is not None:
        value = filled_body(target.body, target.encoder, scope)
        content = msgspec.structs.replace(content, data=value, raw=raw(value))
    context = BodyContext(
        content_type=target.content_type,
        event_id=content.id,
        event_type=content.type,
        entity_type=subscriber.entity_type,
        entity_id=subscriber.id,
        raw=content.raw,
    )
    return encode_body(encoders, target.encoder, content.data, context)


def _notice(said: Message, scope: Scope, subscriber: Subscriber, message: str, now: int) -> Body:
    """The message as its notifier gets it: its first line is the title."""
    text = fill_text(said.text, scope)
    title = next((line.strip() for line in text.splitlines() if line.strip()), "")
    notice = Notice(
        id=message,
        kind="message",
        title=title if len(title) <= _TITLE else f"{title[: _TITLE - 1]}…",
        text=text,
        entity_type=subscriber.entity_type,
        entity_id=subscriber.id,
        count=0,
        failures=(),
        at=now // 1000,
    )
    return Body(msgspec.json.encode(notice))


def _emitted(emission: Emission, scope: Scope) -> Composed:
    subject = fill_text(emission.subject, scope)
    return Composed(
        Body(raw(fill(emission.data, scope))), emission=Emitted(type=emission.type, subject=subject)
    )


def _refused(kind: str, reason: str) -> Composed:
    return Composed(Body(b"", (), (kind, " ".join(reason.split())[:500])))
