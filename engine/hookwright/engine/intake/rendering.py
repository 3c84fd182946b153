"""Rendering: the requests an event would lead to, made by the code that makes them, and sent nowhere.

No secret is looked up: a placeholder stands for each, so none can get out. Injectors that are not our own are
not run, since what they do with a placeholder is their business.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import msgspec

from hookwright.plugins.hookspecs import Injector
from hookwright.plugins.registry import Plugins
from hookwright.rules.event import Event
from hookwright.rules.model import Action, Batch, SecretReference, Subscriber, Target, Text
from hookwright.schemas.credentials import without_credentials
from hookwright.schemas.secret_names import looks_secret

from ..call.filled import FilledPreparer, filled_target
from ..call.mask import REDACTED
from ..call.prepare import Prepared, Preparer, Refusal
from ..delivery import Delivery
from ..history.notice import read_notice
from ..identifiers import batch_message_id
from .placing import Placing

_OURS = "hookwright.plugins.builtin."
# Of the form that every kind of secret has; it is hidden wherever a secret would be.
_PLACEHOLDER = f"whsec_{b64encode(b'it stands for a secret!!').decode()}"
_UNUSED = ""  # the node that would accept it is in nothing that is sent


@dataclass(frozen=True, slots=True)
class Rendered:
    """The request to one endpoint, as it would go out at `now`; `body` is None where there is none.

    What is no call has a `method` of "notify", "emit" or "lapp", and whom or what it names as its `url`.
    Headers are in their order on the wire, where `Host` and `Content-Length` are added to them. `delay` is in
    milliseconds. With a `refusal`, (error class, reason), nothing would be sent. `unseen` names the injector
    whose headers or parameters are missing here, `unsigned` the kind of signing whose headers are. In a
    `batch`, `body` is the list of this one event.
    """

    endpoint: str
    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    delay: int = 0
    batch: Batch | None = None
    refusal: tuple[str, str] | None = None
    unseen: str = ""
    unsigned: str = ""


@dataclass(frozen=True, slots=True)
class _Means:
    """A target as it can be shown, who authenticates and signs here, and the names of those who cannot."""

    target: Target
    injector: Injector | None
    signer: Injector | None
    unseen: str
    unsigned: str


@dataclass(frozen=True, slots=True)
class Rendering:
    """Renders with these plugins, at `now` (Unix seconds)."""

    plugins: Plugins
    now: float
    _placing: Placing = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_placing", Placing(_UNUSED, self.plugins.encoders))

    def requests(self, event: Event, subscriber: Subscriber) -> Iterator[Rendered]:
        """One for each action, in their order. Raises nothing for what cannot be sent."""
        for action in subscriber.actions:
            delivery, body = self._placed(event, subscriber, action)
            yield self._rendered(subscriber, action, delivery, body)

    def _placed(self, event: Event, subscriber: Subscriber, action: Action) -> tuple[Delivery, bytes]:
        now = int(self.now * 1000)
        body, delivery = self._placing.placed(event, subscriber, action, now)
        if delivery.batch is None:
            return delivery, body
        plan = delivery.batch
        body, alone = self._placing.alone(event, subscriber, action, now)
        return msgspec.structs.replace(alone, message=batch_message_id(delivery, plan.key)), body

    def preparer(self, subscriber: Subscriber, action: Action) -> Preparer | FilledPreparer:
        """What prepares the calls of an action, with placeholders for secrets."""
        means = self._means(action)
        action = replace(action, target=means.target)

        def make(action: Action, shown: Target | None = None) -> Preparer:
            return self._preparer(subscriber, action, replace(means, target=action.target), shown)

        return FilledPreparer(action, make) if action.target.slots else make(action)

    def _rendered(self, subscriber: Subscriber, action: Action, delivery: Delivery, body: bytes) -> Rendered:
        means = self._means(action)
        rendered = Rendered(
            endpoint=action.endpoint,
            method=means.target.method,
            url=means.target.url,
            delay=subscriber.delay,
            batch=subscriber.batch,
            refusal=delivery.refusal,
            unseen=means.unseen,
            unsigned=means.unsigned,
        )
        without_call = _without_call(action, delivery, body)
        if without_call is not None:
            method, url, body = without_call
            return replace(rendered, method=method, url=url, body=None if delivery.refusal else body)
        if delivery.refusal is not None:
            return rendered
        try:
            target = filled_target(means.target, dict(delivery.filled))
        except LookupError as error:
            return replace(rendered, refusal=("template", f"nothing is known of {error.args[0]}"))
        means = replace(means, target=target)
        prepared = self._preparer(subscriber, action, means).prepare(delivery, body, 1, self.now)
        if isinstance(prepared, Refusal):
            return replace(rendered, refusal=(prepared.error, prepared.reason))
        assert isinstance(prepared, Prepared), "without tokens none is fetched"
        sent = prepared.sent
        return replace(rendered, url=sent.url, headers=sent.headers, body=prepared.call.body)

    def _preparer(
        self, subscriber: Subscriber, action: Action, means: _Means, shown: Target | None = None
    ) -> Preparer:
        return Preparer(
            subscriber,
            replace(action, target=means.target),
            injector=means.injector,
            signer=means.signer,
            resolve=_placeholder,
            shown=shown,
        )

    def _means(self, action: Action) -> _Means:
        target, injector, unseen = self._authenticating(_without_literals(action.target))
        target, signer, unsigned = self._signing(target)
        return _Means(target, injector, signer, unseen, unsigned)

    def _authenticating(self, target: Target) -> tuple[Target, Injector | None, str]:
        """Who authenticates here, and the target without that if it is not ours, whose name comes with it."""
        auth = target.auth
        injector = None if auth is None else self.plugins.injectors.get(auth.type)
        if auth is None or _is_ours(injector):
            return target, injector, ""
        return replace(target, auth=None), None, auth.type

    def _signing(self, target: Target) -> tuple[Target, Injector | None, str]:
        signing = target.signing
        signer = None if signing is None else self.plugins.signers.get(signing.type)
        if signing is None or _is_ours(signer):
            return target, signer, ""
        return replace(target, signing=None), None, signing.type


def _without_call(action: Action, delivery: Delivery, body: bytes) -> tuple[str, str, bytes] | None:
    """What is done in place of a call, with whom or what, and what it says."""
    if action.message is not None:
        told = b"" if delivery.refusal else read_notice(body).text.encode()
        return "notify", action.message.to, told
    if action.emission is not None:
        return "emit", action.emission.type, body
    return None if action.lapp is None else ("lapp", action.lapp.name, body)


def _placeholder(_reference: SecretReference) -> str:
    return _PLACEHOLDER


def _is_ours(injector: Injector | None) -> bool:
    return injector is not None and type(injector).__module__.startswith(_OURS)


def _without_literals(target: Target) -> Target:
    """What is named like a secret is treated as one, although it is written out."""
    url = without_credentials(target.url, REDACTED)
    return replace(target, url=url, headers=_hidden(target.headers), query=_hidden(target.query))


def _hidden(pairs: tuple[tuple[str, Text], ...]) -> tuple[tuple[str, Text], ...]:
    return tuple(
        (name, SecretReference("literal", name) if looks_secret(name) else value) for name, value in pairs
    )
