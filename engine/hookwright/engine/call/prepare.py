"""From a delivery to the exact request: URL, headers, authentication; and the same with secrets redacted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Literal

from msgspec import Struct, structs

from hookwright.plugins.errors import BadReference, BadSecret, InvalidHeader, MissingSecret, RefusedInjector
from hookwright.plugins.grants import Grant
from hookwright.plugins.hookspecs import Injector
from hookwright.plugins.injection import build_injector, build_signer
from hookwright.rules.event import JSON
from hookwright.rules.model import Action, SecretReference, Subscriber, Target
from hookwright.rules.targets import BODYLESS

from ..delivery import Delivery, Sent
from .edit import Edited, Edits
from .headers import Headers, attempt_headers, static_headers, with_encoded
from .location import Location, entity_params, injected_url, locate, percent_encoded
from .mask import REDACTED, Mask, PassingMask
from .query import ERROR as NO_QUERY
from .query import NoQuery, check_length, query_of
from .references import Resolve, identity_of, read_reference, resolved
from .target import Blocked, TargetAddress, parse_target
from .tokens import Fetching, NoToken, Token, Tokens, placeholder
from .transport import Call, Identity

SECRETS_KEPT = 10.0  # seconds until a secret is looked up anew


class Prepared(Struct, frozen=True, gc=False):
    """A request, complete but for the addresses of its host, and what the record may say about it.

    `target` is whom to resolve. `mask` must be applied to what the receiver answers before it is kept: it may
    echo a secret. `renew` gives up the token it carries, and says whether another one is worth a try.
    """

    call: Call
    sent: Sent
    target: TargetAddress
    mask: Mask | PassingMask
    renew: Callable[[], bool] | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """No request can be made: "held" (look again later, no try spent), "retry" or "failure" (for good).

    `error` is an `ErrorClass` or `plugin:<name>`; `reason` is for people and holds no secret.
    """

    outcome: Literal["held", "retry", "failure"]
    error: str
    reason: str


class _NotReady(Exception):
    """Something this endpoint needs is not there now; later it may be."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """Everything about an endpoint that does not change from call to call. `shown` holds no secret."""

    location: Location
    shown: Location
    target: TargetAddress
    headers: Headers
    edits: Edits
    grant: Grant | None
    identity: Identity | None
    made: float


class Preparer:
    """Prepares the calls of one endpoint under one revision. Used by one thread at a time.

    `injector` is the plugin that `auth.type` names, `signer` that of `signing.type`; None without the key, or
    when no plugin of that name is loaded here (the endpoint's calls are held then). `resolve` looks secrets
    up. They are asked for again every `SECRETS_KEPT` seconds, so that a changed secret needs no new revision.
    `tokens` fetches tokens; without it a placeholder stands for them. `shown` is the target as it may be
    read, where that is not all.
    """

    def __init__(
        self,
        subscriber: Subscriber,
        action: Action,
        *,
        injector: Injector | None,
        resolve: Resolve,
        signer: Injector | None = None,
        tokens: Tokens | None = None,
        shown: Target | None = None,
    ) -> None:
        self._subscriber = subscriber
        self._shown = shown or action.target
        self._target = action.target
        self._bodyless = action.target.method in BODYLESS
        self._injector = injector
        self._signer = signer
        self._tokens = tokens
        self._resolve = resolve
        self._plan: _Plan | None = None
        self._mask = Mask()  # knows every value ever resolved: an old secret may still be echoed
        self._reply_mask = self._mask  # knows what the injector wrote last, too

    def prepare(
        self, delivery: Delivery, body: bytes, attempt: int, now: float
    ) -> Prepared | Fetching | Refusal:
        """The request for try number `attempt` (from 1) at `now` (Unix seconds), or why there is none.

        While its token is fetched there is none either: ask again when that is over.
        """
        try:
            plan = self._planned(now)
            token = self._token(plan.grant)
            if isinstance(token, Fetching):
                return token
            content = None if self._bodyless else body
            headers = plan.headers if self._bodyless else with_encoded(plan.headers, delivery.headers)
            common = len(headers.sent) if headers is plan.headers else 0
            headers += attempt_headers(delivery.message, int(now), test=delivery.test, hops=delivery.hops)
            url, shown = self._urls(plan, delivery, body)
            edits = plan.edits if token is None else replace(plan.edits, inject=token.inject)
            if edits.inject is not None:
                common = 0
            edited = edits.edited(
                self._target.method, url, headers, content, delivery, attempt, int(now), common
            )
            target = plan.target if edited.url == url else parse_target(edited.url)
        except Exception as error:  # noqa: BLE001  # plugins may raise anything
            refusal = self._refusal(error)
            hiding = Mask(hidden=delivery.hidden)
            return replace(refusal, reason=hiding.cut(refusal.reason)) if delivery.hidden else refusal
        if not edited.secrets <= self._reply_mask.values:
            self._reply_mask = self._mask.with_values(edited.secrets)
        shown = injected_url(edited.url, url, shown)
        prepared = self._prepared(target, shown, edited, content, delivery.hidden, common)
        if token is None or self._tokens is None:
            return prepared
        return structs.replace(prepared, renew=partial(self._tokens.refused, token))

    def _token(self, grant: Grant | None) -> Token | Fetching | None:
        """The token that calls carry, if they carry one. Raises `_NotReady` or `Blocked`."""
        if grant is None:
            return None
        found = placeholder(grant) if self._tokens is None else self._tokens.find(grant)
        if not isinstance(found, NoToken):
            return found
        raise Blocked(found.reason) if found.blocked else _NotReady(found.reason)

    def _urls(self, plan: _Plan, delivery: Delivery, body: bytes) -> tuple[str, str]:
        """The URL as sent and as shown. Raises `NoQuery` for data that a call without a body cannot carry."""
        event_type = _in_query(delivery.event_type) if self._target.entity_params else ""
        if not self._bodyless:
            return plan.location.url(event_type), plan.shown.url(event_type)
        data = query_of(delivery, body)
        url = plan.location.url(event_type, data)
        check_length(url)
        return url, plan.shown.url(event_type, REDACTED if delivery.hidden else data)

    def _prepared(
        self,
        target: TargetAddress,
        shown: str,
        edited: Edited,
        body: bytes | None,
        hidden: tuple[str, ...],
        common: int,
    ) -> Prepared:
        method = self._target.method
        call = Call(
            method=method,
            url=edited.url,
            headers=edited.headers.sent,
            body=body,
            timeout=self._target.timeout / 1000,
            host=target.host,
            port=target.port,
            addresses=(),
            identity=self._plan.identity if self._plan else None,
            common=common,
        )
        mask, answers = self._mask, self._reply_mask
        if hidden:
            mask, answers = mask.hiding(hidden), answers.hiding(hidden)
        url, visible = mask.request(shown, edited.headers.shown, 0 if hidden else common)
        sent = Sent(method=method, url=url, headers=visible, body="" if body is None else "data")
        replies = answers.passing(edited.signatures) if edited.signatures else answers
        return Prepared(call, sent, target, replies)

    def _planned(self, now: float) -> _Plan:
        plan = self._plan
        if plan is None or not plan.made <= now < plan.made + SECRETS_KEPT:
            self._plan = None  # should the next line fail, no attempt may run on old secrets
            self._plan = plan = self._make_plan(now)
        return plan

    def _make_plan(self, now: float) -> _Plan:
        target = self._target
        found: list[str] = []

        def resolve(reference: SecretReference) -> str:
            try:
                found.append(self._resolve(reference))
            except LookupError as error:
                raise _NotReady(str(error)) from error
            return found[-1]

        try:
            tail = entity_params(self._subscriber) if target.entity_params else ""
            location, shown = locate(target.url, resolved(target.query, resolve), tail)
            headers = static_headers(self._content_type, resolved(target.headers, resolve))
            if self._shown is not target:  # of what was filled in, not all may be read
                shown = locate(self._shown.url, resolved(self._shown.query, resolve), tail)[1]
                visible = static_headers(self._content_type, resolved(self._shown.headers, resolve)).shown
                headers = Headers(headers.sent, visible)
            edits, grant = self._build_edits(resolve)
            headers = headers.without(edits.replaced)
            identity = identity_of(target.tls, resolve)
        finally:
            self._mask = self._reply_mask = self._mask.with_values(found)
        mask = self._mask  # a literal may repeat a secret
        shown = Location(mask(shown.head), mask(shown.tail), mask(shown.whole))
        return _Plan(
            location, shown, parse_target(location.whole), headers.masked(mask), edits, grant, identity, now
        )

    @property
    def _content_type(self) -> str | None:
        """What a body is that does not say so itself: JSON, under the name this endpoint gives it."""
        if self._bodyless:
            return None
        return self._target.content_type if self._target.encoder == "json" else "application/json"

    def _build_edits(self, resolve: Resolve) -> tuple[Edits, Grant | None]:
        auth, signing = self._target.auth, self._target.signing
        if auth is not None and self._injector is None:
            raise _NotReady(f"no plugin for auth type {auth.type!r} is loaded")
        if signing is not None and self._signer is None:
            raise _NotReady(f"no plugin for signing type {signing.type!r} is loaded")

        def secrets(reference: JSON) -> str:
            return resolve(read_reference(reference))

        inject = build_injector(self._injector, auth.config, secrets) if auth and self._injector else None
        sign = build_signer(self._signer, signing.config, secrets) if signing and self._signer else None
        return (Edits(None, sign), inject) if isinstance(inject, Grant) else (Edits(inject, sign), None)

    def _refusal(self, error: Exception) -> Refusal:
        """What an error says about the call. Only our own errors' texts are known to hold no secret."""
        match error:
            case NoQuery():
                return Refusal("failure", NO_QUERY, error.reason)
            case Blocked():
                return Refusal("failure", "blocked_target", error.reason)
            case InvalidHeader():
                return Refusal("failure", "invalid_header", self._mask(str(error)))
            case RefusedInjector():
                return Refusal("failure", f"plugin:{error.name}", self._mask(str(error)))
            case _NotReady() | MissingSecret() | BadReference() | BadSecret():
                return Refusal("held", "not_ready", self._mask(str(error)))
            case _:
                return Refusal("retry", self._plugin, f"the plugin failed ({type(error).__name__})")

    @property
    def _plugin(self) -> str:
        used = self._target.auth or self._target.signing
        return f"plugin:{used.type if used else 'secrets'}"


_in_query = lru_cache(maxsize=1024)(percent_encoded)  # of event types
