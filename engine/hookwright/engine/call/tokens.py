"""Tokens that calls need: fetched over the guarded wire, once for all who wait, and kept until they expire.

Nobody's thread waits here: who needs a token that is not there is called back. A token is fetched anew while
the old one still serves, and as soon as a receiver refuses it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from msgspec import structs

from hookwright.plugins.grants import Grant, NoGrant
from hookwright.plugins.headers import set_header
from hookwright.plugins.hookspecs import Inject

from .headers import user_agent
from .mask import REDACTED
from .resolve import Answer, Unresolved
from .target import Blocked, TargetAddress, parse_target
from .transport import Call, Reply, Transport

DEADLINE = 15.0  # seconds from connecting to the last byte of a token
SPARE = 10.0  # seconds before its end from which a token is not used any more, or a tenth of a short life
EARLY = 60.0  # seconds before that from which a new one is fetched, or a fifth of a short life
FAILED_FOR = 10.0  # seconds until a server that gave no token is asked again
SETTLED = 10.0  # seconds: a token that is refused before was never good, and a new one would be no better

_logger = logging.getLogger(__name__)


class Resolver(Protocol):
    """Finds and judges the addresses of a target."""

    def resolve(self, target: TargetAddress, done: Callable[[Answer], None]) -> None: ...


@dataclass(frozen=True, slots=True, eq=False)
class Token:
    """A token in use. Times are those of the store's clock; `inject` writes it, and shows nothing."""

    grant: Grant
    inject: Inject = field(repr=False)
    fetched: float
    fresh_until: float
    ends: float


@dataclass(frozen=True, slots=True)
class NoToken:
    """There is none, and nothing to wait for. `blocked`: its server may not be called."""

    reason: str
    blocked: bool = False


class Fetching:
    """A fetch under way. `when_over` calls back once, at once if it is over already, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Callable[[], None]] | None = []

    def when_over(self, call: Callable[[], None]) -> None:
        with self._lock:
            if self._waiting is not None:
                self._waiting.append(call)
                return
        call()

    def over(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting or [], None
        for call in waiting:
            try:
                call()
            except Exception:
                _logger.exception("whoever waited for a token broke down")


@dataclass(slots=True)
class _Entry:
    token: Token | None = None
    fetching: Fetching | None = None
    failure: NoToken | None = None
    failed: float = 0.0
    used: float = 0.0


class Tokens:
    """The tokens of a process, one for each `Grant`. Any thread may ask."""

    def __init__(
        self, resolver: Resolver, transport: Transport, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._resolver = resolver
        self._transport = transport
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: dict[Grant, _Entry] = {}

    def find(self, grant: Grant) -> Token | Fetching | NoToken:
        """The token to use now, or what to wait for, or why there is none."""
        now = self._clock()
        start = None
        with self._lock:
            entry = self._entries.get(grant)
            if entry is None:
                self._forget(now)
                entry = self._entries[grant] = _Entry()
            entry.used = now
            good = entry.token is not None and now < entry.token.ends
            failed = entry.failure is not None and now < entry.failed + FAILED_FOR
            if entry.fetching is None and not failed and not (good and self._is_fresh(entry.token, now)):
                start = entry.fetching = Fetching()
            found = entry.token if good else entry.fetching or entry.failure
        if start is not None:
            self._fetch(grant, start)
            return found if good and found is not None else self._after(grant, start)
        assert found is not None, "without a token one is fetched, or was refused"
        return found

    def refused(self, token: Token) -> bool:
        """A receiver did not take it. True when it is not used again, so that another try is worth it."""
        if self._clock() < token.fetched + SETTLED:
            return False
        with self._lock:
            entry = self._entries.get(token.grant)
            if entry is not None and entry.token is token:
                entry.token = None
        return True

    @staticmethod
    def _is_fresh(token: Token | None, now: float) -> bool:
        return token is not None and now < token.fresh_until

    def _after(self, grant: Grant, start: Fetching) -> Token | Fetching | NoToken:
        """What there is after a fetch was begun: it may have ended on this very thread."""
        with self._lock:
            entry = self._entries[grant]
            if entry.fetching is start:
                return start
            return entry.token or entry.failure or start

    def _forget(self, now: float) -> None:
        """Grants of revisions gone by, and of secrets that were changed."""
        old = [g for g, entry in self._entries.items() if now > entry.used + 3600 and not entry.fetching]
        for grant in old:
            del self._entries[grant]

    def _fetch(self, grant: Grant, fetching: Fetching) -> None:
        try:
            target = parse_target(grant.url)
        except Blocked as error:
            self._end(grant, fetching, NoToken(error.reason, blocked=True))
            return
        call = Call(
            method="POST",
            url=grant.url,
            headers=(*grant.headers, ("User-Agent", user_agent())),
            body=grant.body,
            timeout=DEADLINE,
            host=target.host,
            port=target.port,
            addresses=(),
        )
        self._resolver.resolve(target, partial(self._resolved, grant, fetching, call))

    def _resolved(self, grant: Grant, fetching: Fetching, call: Call, answer: Answer) -> None:
        if isinstance(answer, Unresolved):
            blocked = answer.error == "blocked_target"
            self._end(grant, fetching, NoToken(f"the token server: {answer.reason}", blocked))
            return
        aimed = structs.replace(call, addresses=answer)
        self._transport.submit(aimed, partial(self._replied, grant, fetching))

    def _replied(self, grant: Grant, fetching: Fetching, reply: Reply) -> None:
        try:
            self._end(grant, fetching, self._read(grant, reply))
        except NoGrant as error:
            self._end(grant, fetching, NoToken(str(error)))
        except Exception:
            _logger.exception("an answer of a token server cannot be read")
            self._end(grant, fetching, NoToken("the token server's answer cannot be read"))

    def _read(self, grant: Grant, reply: Reply) -> Token:
        if reply.error is not None or not reply.complete or reply.status is None:
            raise NoGrant(f"the token server gave no answer ({reply.error or 'protocol'})")
        if reply.truncated:
            raise NoGrant("the token server's answer is too long")
        granted = grant.read(reply.status, reply.body)
        now, life = self._clock(), granted.life
        ends = now + life - min(SPARE, life / 10)
        inject = set_header("Authorization", f"Bearer {granted.token}")
        return Token(grant, inject, now, ends - min(EARLY, life / 5), ends)

    def _end(self, grant: Grant, fetching: Fetching, found: Token | NoToken) -> None:
        with self._lock:
            entry = self._entries.setdefault(grant, _Entry())
            entry.fetching = None
            if isinstance(found, Token):
                entry.token, entry.failure = found, None
            else:
                entry.failure, entry.failed = found, self._clock()
        if isinstance(found, NoToken):
            _logger.warning("no token from %s: %s", grant.url.partition("?")[0], found.reason)
        fetching.over()


def placeholder(grant: Grant) -> Token:
    """What stands for a token where none may be fetched, and nothing is sent."""
    return Token(grant, set_header("Authorization", f"Bearer {REDACTED}"), 0.0, 0.0, 0.0)
