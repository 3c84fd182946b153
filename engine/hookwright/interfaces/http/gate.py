"""The gate: which requests are let in, decided from method, path and headers alone. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from starlette.types import Scope

from ..addresses import Listen
from ..tokens import Keyring, bearer
from .problems import Refusal

EVENTS_PATH = "/v1/events"
_OPEN = frozenset({"/livez", "/readyz"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Access(StrEnum):
    """What a request is, for the question whether it needs a token. Unknown ones are READ or WRITE."""

    OPEN = "open"  # never needs a token: probes
    READ = "read"  # needs one unless only this machine can reach the server
    EMIT = "emit"  # likewise: sending events
    WRITE = "write"  # always needs one


def access(method: str, path: str) -> Access:
    """Judged by the method first, so that a route added later is never open by accident."""
    if path in _OPEN and method in _SAFE:
        return Access.OPEN
    if method in _SAFE:
        return Access.READ
    return Access.EMIT if (method, path) == ("POST", EVENTS_PATH) else Access.WRITE


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets in what names this server, does not come from a foreign web page, and has a token if needed."""

    listen: Listen
    keyring: Keyring

    def judge(self, scope: Scope) -> Refusal | None:
        """Why the request is refused, or None."""
        hosts, origins, tokens = _headers(scope)
        method, path = scope["method"], scope["path"]
        refusal = self._judge_host(hosts)
        if refusal is None and method not in _SAFE:
            refusal = _judge_origin(origins, hosts[0])
        if refusal is None:
            refusal = self._judge_token(access(method, path), tokens)
        return refusal

    def _judge_host(self, hosts: list[str]) -> Refusal | None:
        if len(hosts) != 1:
            return Refusal(400, "Bad host", "a request needs exactly one Host header", closes=True)
        if not self.listen.knows(hosts[0]):
            detail = "this server does not answer to that Host; add the name with --public-host if it should"
            return Refusal(421, "Unknown host", detail, closes=True)
        return None

    def _judge_token(self, need: Access, tokens: list[bytes]) -> Refusal | None:
        if need is Access.OPEN or (need is not Access.WRITE and self.listen.loopback):
            return None
        if not tokens:
            return _unauthorised("send the token as `Authorization: Bearer …`", "Bearer")
        presented = bearer(tokens[0]) if len(tokens) == 1 else None
        if presented is None or not self.keyring.admits(presented):
            return _unauthorised("the token is not known", 'Bearer error="invalid_token"')
        return None


def _headers(scope: Scope) -> tuple[list[str], list[str], list[bytes]]:
    hosts, origins, tokens = [], [], []
    for name, value in scope["headers"]:
        if name == b"host":
            hosts.append(value.decode("latin-1"))
        elif name == b"origin":
            origins.append(value.decode("latin-1"))
        elif name == b"authorization":
            tokens.append(value)
    return hosts, origins, tokens


def _judge_origin(origins: list[str], host: str) -> Refusal | None:
    """A browser says which page a request comes from; only our own pages may write."""
    own = (f"http://{host}", f"https://{host}")
    if any(origin not in own for origin in origins):
        return Refusal(403, "Foreign origin", "web pages of other sites may not use this server")
    return None


def _unauthorised(detail: str, challenge: str) -> Refusal:
    return Refusal(401, "Token needed", detail, (("www-authenticate", challenge),))
