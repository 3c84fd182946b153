"""The handshake: what LeadSquared asks of a receiver before it sends anything, tried and explained.

It checks a URL with HEAD, and receivers also see a POST without a body. Both go the way of every call: the
same headers and authentication, the same guard, the same transport. Nothing is journalled, nothing counts.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from msgspec import Struct, structs

from hookwright.plugins.registry import Plugins
from hookwright.rules.model import Action, Subscriber
from hookwright.rules.table import RoutingTable

from ..call.filled import placeholders
from ..call.guard import Policy, judge
from ..call.prepare import Prepared, Refusal
from ..call.resolve import Answer, Resolver, Unresolved
from ..call.tokens import Fetching, Tokens
from ..call.transport import Kind, Reply, Transport, select
from ..delivery import Delivery
from ..history.verdict import Verdict, read_verdict
from ..ledger.work import Claim
from .lapp import LappRun
from .network import GuardedNetwork
from .published import Published
from .settling import received

Answered = TypeVar("Answered")
LONGEST = 5.0  # seconds a request may take, whatever the subscriber's own timeout
ENDPOINTS_AT_ONCE = 8
HEAD = "HEAD"
_UNANSWERED = {
    "blocked_target": "this server may not call that address",
    "dns": "the name of that host is not known here",
}
_HEAD_REFUSED = frozenset({404, 405, 501})


class Check(Struct, frozen=True, kw_only=True, rename="camel"):
    """One request and what came of it: `request` is "HEAD", or "empty POST" for an
    endpoint that is called so; `seconds` is what it took.

    `code` is None when there was no answer; then `error` is the class of the error. `verdict` is what the
    receiver says of itself. `advice` says what to do; empty when there is nothing.
    """

    request: str
    ok: bool
    code: int | None
    seconds: float
    error: str | None
    reason: str
    verdict: Verdict | None
    advice: str


class Shaken(Struct, frozen=True, kw_only=True):
    """The checks of one endpoint. `url` is where they went, secrets redacted; "" when they could not."""

    endpoint: str
    url: str
    ok: bool
    checks: tuple[Check, ...]


class Handshake:
    """Makes the checks, each call of `shake` in its caller's thread, which waits. Threads may share it."""

    def __init__(
        self,
        policy: Policy,
        plugins: Plugins,
        *,
        transport: Kind = "auto",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._policy = policy
        self._plugins = plugins
        self._kind = transport
        self._clock = clock
        self._resolver = Resolver(policy)
        self._transport: Transport | None = None  # most servers never need one
        self._lock = threading.Lock()

    def close(self) -> None:
        """Cut off what is under way."""
        self._resolver.close()
        with self._lock:
            if self._transport is not None:
                self._transport.close()

    def shake(self, table: RoutingTable, subscriber: Subscriber, actions: Sequence[Action]) -> list[Shaken]:
        """Check these endpoints of a table, all at once."""
        network = GuardedNetwork(self._resolver, self._policy)
        tokens = Tokens(self._resolver, self._wire())
        live = Published(table.revision, table, self._plugins, network, tokens)
        prepared = [self._prepare(live, _claim(subscriber, action)) for action in actions]
        with ThreadPoolExecutor(ENDPOINTS_AT_ONCE) as pool:
            return list(pool.map(self._check, actions, prepared))

    def _prepare(self, live: Published, claim: Claim) -> Prepared | Refusal:
        if live.target(claim.delivery) is None:
            return Refusal("failure", "not_ready", "it was just removed from the configuration")
        prepared = live.prepare(claim, self._clock())
        if isinstance(prepared, Fetching):
            over = threading.Event()
            prepared.when_over(over.set)
            over.wait()
            prepared = live.prepare(claim, self._clock())
        if isinstance(prepared, Fetching):  # a token that ends as soon as it is there
            return Refusal("held", "not_ready", "the token ends before it can be used")
        if isinstance(prepared, LappRun):
            return Refusal("failure", "lapp", "a Lapp has no URL that could be checked")
        return prepared

    def _check(self, action: Action, prepared: Prepared | Refusal) -> Shaken:
        methods = (HEAD, action.target.method)
        if isinstance(prepared, Refusal):
            checks = tuple(_refused(method, prepared) for method in methods)
            return Shaken(endpoint=action.endpoint, url="", ok=False, checks=checks)
        checks = tuple(self._request(method, prepared) for method in methods)
        ok = all(each.ok for each in checks)
        return Shaken(endpoint=action.endpoint, url=prepared.sent.url, ok=ok, checks=checks)

    def _request(self, method: str, prepared: Prepared) -> Check:
        started = time.monotonic()
        reply = prepared.mask.reply(self._send(method, prepared))
        answer = received(reply)
        code = answer.status if answer else None
        ok = (
            reply.error is None
            and code is not None
            and (code == 200 or (method == HEAD and code // 100 == 2))
        )
        error = reply.error or (None if answer else "protocol")
        verdict = read_verdict(answer)
        return Check(
            request=_named(method),
            ok=ok,
            code=code,
            seconds=round(time.monotonic() - started, 3),
            error=error,
            reason=reply.message,
            verdict=verdict,
            advice=_advice(method, code, error, ok=ok, verdict=verdict),
        )

    def _send(self, method: str, prepared: Prepared) -> Reply:
        addresses: Answer = _waited(partial(self._resolver.resolve, prepared.target))
        if isinstance(addresses, Unresolved):
            return Reply(None, False, error=addresses.error, message=addresses.reason)
        call = structs.replace(
            prepared.call,
            method=method,
            body=None if method == HEAD or prepared.call.body is None else b"",
            addresses=addresses,
            timeout=min(prepared.call.timeout, LONGEST),
        )
        reply: Reply = _waited(partial(self._wire().submit, call))
        return reply

    def _wire(self) -> Transport:
        with self._lock:
            if self._transport is None:
                self._transport = select(self._kind, lambda address, port: judge(address, port, self._policy))
            return self._transport


def _waited(begin: Callable[[Callable[[Answered], None]], None]) -> Answered:
    """What a callback is given: resolver and transport answer always, and in time."""
    answers: list[Answered] = []
    came = threading.Event()

    def done(answer: Answered) -> None:
        answers.append(answer)
        came.set()

    begin(done)
    came.wait()
    return answers[0]


def _claim(subscriber: Subscriber, action: Action) -> Claim:
    """As if a test were under way; its id says that there is none."""
    delivery = Delivery(
        id="dlv_handshake",
        message="msg_handshake",
        entity_type=subscriber.entity_type,
        entity_id=subscriber.id,
        action=action.path,
        event_id="handshake",
        event_source="/hookwright/handshake",
        event_type=next(iter(subscriber.events), ""),
        node="",
        due=0,
        body="",
        test=True,
        filled=placeholders(subscriber, action),
    )
    return Claim(delivery, b"", 1, "")


def _named(method: str) -> str:
    return method if method == HEAD else f"empty {method}"


def _refused(method: str, refusal: Refusal) -> Check:
    """No request can be made at all."""
    return Check(
        request=_named(method),
        ok=False,
        code=None,
        seconds=0.0,
        error=refusal.error,
        reason=refusal.reason,
        verdict=None,
        advice="nothing was sent: mend this first",
    )


def _advice(method: str, code: int | None, error: str | None, *, ok: bool, verdict: Verdict | None) -> str:
    if code is None:
        return _UNANSWERED.get(error or "", "nobody answers there as a web server does")
    if method == HEAD:
        if ok:
            return ""
        refused = "it does not know HEAD: " if code in _HEAD_REFUSED else ""
        return f"{refused}answer HEAD with 200; LeadSquared checks a URL with it before it is used"
    if not ok:
        return f"answer {_named(method)} with 200, and do nothing: it only asks whether you are there"
    if verdict is None:
        return 'fine; better still, say what became of it: {"Status": "Success", "StatusReason": ""}'
    return ""
