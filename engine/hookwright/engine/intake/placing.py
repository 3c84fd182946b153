"""Placing: what an event becomes on its way to one endpoint, a delivery and the bytes of its body. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import msgspec

from hookwright.plugins.hookspecs import BodyContext, Encoder
from hookwright.rules.errors import ExpressionError
from hookwright.rules.event import Event
from hookwright.rules.expression import Expression, key_text
from hookwright.rules.hours import is_open
from hookwright.rules.model import Action, Subscriber, Target
from hookwright.rules.targets import BODYLESS

from ..batch import batch_plan
from ..call.batch_template import batch_template
from ..call.encoding import Body, encode_body, refused, too_large
from ..call.filling import Scope, scope_of, scope_of_batch
from ..call.mask import REDACTED
from ..call.query import NoQuery, check_query
from ..delivery import SKIPPED, DedupePlan, Delivery, OrderPlan
from ..hops import hops_of
from ..identifiers import delivery_id, key_digest, message_id
from .composing import Composed, composed, concealed, is_composed


@dataclass(frozen=True, slots=True)
class Placing:
    """Places events for one node. Times (`now`) are Unix milliseconds.

    `keyed` makes of a text a digest that only this node can make; it may raise `JournalError`.
    """

    node: str
    encoders: Mapping[str, Encoder]
    keyed: Callable[[str], str] = key_digest

    def placed(
        self, event: Event, subscriber: Subscriber, action: Action, now: int
    ) -> tuple[bytes, Delivery]:
        """One delivery with its body. A member of a batch keeps its data: its batch is encoded as a whole.

        What comes while its schedule is closed enters no batch.
        """
        schedule = subscriber.skip_outside
        if schedule is not None and not is_open(schedule, now):
            return self._skipped(event, subscriber, action, now, f"outside the schedule {schedule.id}")
        if subscriber.batch is None or not is_batched(action):
            content, delivery = self._encoded(event, event, subscriber, action, now)
            return content, self._kept_apart(delivery, event, subscriber, action, now)
        delivery = self._delivery(event, subscriber, action, event.raw, now)
        try:
            plan = batch_plan(event, subscriber.batch, action.target)
            if is_composed(action):
                plan = msgspec.structs.replace(plan, template=batch_template(action.target))
        except ExpressionError as error:
            return event.raw, _without_value(delivery, "batch.key", error)
        return event.raw, msgspec.structs.replace(delivery, batch=plan)

    def _skipped(
        self, event: Event, subscriber: Subscriber, action: Action, now: int, why: str
    ) -> tuple[bytes, Delivery]:
        """One that is not sent, unless somebody replays it."""
        content, delivery = self.alone(event, subscriber, action, now)
        return content, msgspec.structs.replace(delivery, due=now, refusal=delivery.refusal or (SKIPPED, why))

    def doubtful(
        self, event: Event, subscriber: Subscriber, action: Action, now: int, fault: ExpressionError
    ) -> tuple[bytes, Delivery]:
        """One that ends as a Failure, because the condition that decides about it has no value."""
        delivery = self._delivery(event, subscriber, action, event.raw, now)
        return event.raw, _without_value(delivery, "if", fault)

    def alone(self, event: Event, subscriber: Subscriber, action: Action, now: int) -> tuple[bytes, Delivery]:
        """The same, but where events are batched the body is the list of this one, and nothing waits."""
        return self._encoded(_listed(event, subscriber, action), event, subscriber, action, now)

    def tested(
        self, event: Event, subscriber: Subscriber, action: Action, now: int
    ) -> tuple[bytes, Delivery]:
        """One that a person asked for: alone, and at once."""
        content, delivery = self.alone(event, subscriber, action, now)
        return content, msgspec.structs.replace(delivery, due=now, test=True)

    def asked(
        self, event: Event, subscriber: Subscriber, action: Action, now: int, scope: Scope | None = None
    ) -> tuple[bytes, Delivery]:
        """What a run that `event` began asks for; templates are filled in from `scope`."""
        return self._encoded(event, event, subscriber, action, now, scope)

    def shown(self, shown: Event, subscriber: Subscriber, action: Action, *, alone: bool = False) -> bytes:
        """The body as it may be read: that of an event without what is redacted, or nothing of it at all."""
        listed = _listed(shown, subscriber, action) if alone else shown
        if is_composed(action):
            body = self._composed(listed, shown, subscriber, action, "", 0).body
        else:
            body = self._body(listed, subscriber, action.target)
        return REDACTED.encode() if body.refusal else body.content

    def hiding(
        self,
        delivery: Delivery,
        shown: Event,
        event: Event,
        subscriber: Subscriber,
        action: Action,
        *,
        alone: bool = False,
    ) -> Delivery:
        """The delivery with what may be read of its slots, and with what templates made of what is hidden."""
        if not is_composed(action) or delivery.batch is not None:
            return delivery
        listed = alone and _listed(event, subscriber, action) is not event
        return concealed(delivery, action, _scope(event, listed=listed), _scope(shown, listed=listed))

    def _composed(
        self,
        content: Event,
        event: Event,
        subscriber: Subscriber,
        action: Action,
        message: str,
        now: int,
        scope: Scope | None = None,
    ) -> Composed:
        scope = scope or _scope(event, listed=content is not event)
        made = composed(self.encoders, content, scope, subscriber, action, message, now)
        if action.message is None and action.emission is None:
            checked = self._checked(made.body, subscriber, action.target, event.type)
            made = replace(made, body=checked)
        return made if made.body.refusal is None else Composed(made.body)

    def _encoded(
        self,
        content: Event,
        event: Event,
        subscriber: Subscriber,
        action: Action,
        now: int,
        scope: Scope | None = None,
    ) -> tuple[bytes, Delivery]:
        if is_composed(action):
            return self._saying(content, event, subscriber, action, now, scope)
        body = self._body(content, subscriber, action.target)
        delivery = self._delivery(event, subscriber, action, body.content, now)
        if body.headers or body.refusal:
            delivery = msgspec.structs.replace(delivery, headers=body.headers, refusal=body.refusal)
        return body.content, delivery

    def _saying(
        self,
        content: Event,
        event: Event,
        subscriber: Subscriber,
        action: Action,
        now: int,
        scope: Scope | None,
    ) -> tuple[bytes, Delivery]:
        delivery = self._delivery(event, subscriber, action, b"", now)
        made = self._composed(content, event, subscriber, action, delivery.message, now, scope)
        return made.body.content, msgspec.structs.replace(
            delivery,
            body=hashlib.sha256(made.body.content).hexdigest(),
            headers=made.body.headers,
            refusal=made.body.refusal,
            filled=made.filled,
            emission=made.emission,
        )

    def _body(self, event: Event, subscriber: Subscriber, target: Target) -> Body:
        """What will be sent, or why nothing can be. Other subscribers get theirs."""
        context = BodyContext(
            content_type=target.content_type,
            event_id=event.id,
            event_type=event.type,
            entity_type=subscriber.entity_type,
            entity_id=subscriber.id,
            raw=event.raw,
        )
        body = encode_body(self.encoders, target.encoder, event.data, context)
        return self._checked(body, subscriber, target, event.type)

    def _checked(self, body: Body, subscriber: Subscriber, target: Target, event_type: str) -> Body:
        """The body, or its refusal where it has no room in the journal or, without a body, in a URL."""
        body = too_large(target.encoder, body)
        if target.method in BODYLESS and body.refusal is None:
            try:
                check_query(subscriber, target, event_type, body.content.decode())
            except NoQuery as error:
                return refused(target.encoder, error.reason)
        return body

    def _delivery(
        self, event: Event, subscriber: Subscriber, action: Action, body: bytes, now: int
    ) -> Delivery:
        message = message_id(event.source, event.id, subscriber.entity_type, subscriber.id, action.path)
        return Delivery(
            id=delivery_id(message),
            message=message,
            entity_type=subscriber.entity_type,
            entity_id=subscriber.id,
            action=action.path,
            event_id=event.id,
            event_source=event.source,
            event_type=event.type,
            node=self.node,
            due=now + subscriber.delay,
            body=hashlib.sha256(body).hexdigest(),
            place=f"{subscriber.place.file}:{subscriber.place.line}",
            hops=hops_of(event.extensions) if event.extensions else 0,
            test=action.lapp is not None and action.lapp.stage == "test",
            notifier=action.message.to if action.message else "",
        )

    def _kept_apart(
        self, delivery: Delivery, event: Event, subscriber: Subscriber, action: Action, now: int
    ) -> Delivery:
        """The delivery with what decides when it goes out, and whether: computed once, from its event."""
        key = "order_by"
        try:
            if subscriber.order_by is not None and is_batched(action):
                order = OrderPlan(key=self._key(subscriber.order_by, event, subscriber), turn=now * 1000)
                delivery = msgspec.structs.replace(delivery, order=order)
            key = "dedupe.key"
            if subscriber.dedupe is not None:
                digest = self._key(subscriber.dedupe.key, event, subscriber)
                if action.message is not None:  # whose lane is shared by all who tell the same notifier
                    digest = key_digest(f"{action.endpoint} {digest}")
                seen = DedupePlan(key=digest, window=subscriber.dedupe.window)
                delivery = msgspec.structs.replace(delivery, dedupe=seen)
        except ExpressionError as error:
            return _without_value(delivery, key, error)
        return delivery

    def _key(self, expression: Expression, event: Event, subscriber: Subscriber) -> str:
        """A digest of a key's value; where something is redacted, one that nobody finds by trying values."""
        text = key_text(expression.evaluate(event.attributes, event.data))
        return key_digest(self.keyed(text) if subscriber.redact else text)


def _scope(event: Event, *, listed: bool) -> Scope:
    one = (event.attributes, event.data)
    return scope_of_batch([one]) if listed else scope_of(*one)


def is_batched(action: Action) -> bool:
    """Whether what the action sends can wait for others: messages and events are made of one event each."""
    return action.message is None and action.emission is None


def _listed(event: Event, subscriber: Subscriber, action: Action) -> Event:
    """The event with a list of its data, where events are collected."""
    if subscriber.batch is None or not is_batched(action):
        return event
    return msgspec.structs.replace(event, data=[event.data], raw=b"[%b]" % event.raw)


def _without_value(delivery: Delivery, key: str, error: ExpressionError) -> Delivery:
    """A delivery that ends as a Failure, because the expression under `key` has no value for its event."""
    return msgspec.structs.replace(delivery, refusal=("expression", f"{key}: {error}"))
