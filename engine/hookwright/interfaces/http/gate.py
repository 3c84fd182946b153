"""The gate: which requests are let in, decided from method, path and headers alone. No I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.types import Scope

from ..addresses import Listen
from ..roles import Holder, Role
from ..tokens import Keyring, bearer
from .actor import note_holder
from .problems import Refusal
from .routes import Table

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_REMEMBERED = 64  # good Host headers
_HARMLESS = frozenset({Role.VIEWER, Role.EMITTER})  # what needs no token where only this machine can ask


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets in what names this server, does not come from a foreign web page, and has a token if needed.

    `keyring` is asked at each request, so a token counts from its making to its revocation.
    """

    listen: Listen
    keyring: Callable[[], Keyring]
    table: Table = field(default_factory=Table)
    _known: set[str] = field(default_factory=set)  # headers judged good: most requests send the same one

    _loopback: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_loopback", self.listen.loopback)

    def judge(self, scope: Scope) -> Refusal | None:
        """Why the request is refused, or None. Who asks is noted in the scope, for `actor_of`."""
        hosts, origins, tokens = _headers(scope)
        method, path = scope["method"], scope["path"]
        refusal = self._judge_host(hosts)
        if refusal is None and origins and method not in _SAFE:
            refusal = _judge_origin(origins, hosts[0])
        if refusal is None:
            holder = self._holder(tokens)
            note_holder(scope, holder)
            refusal = self._judge_holder(self.table.need(method, path), holder, tokens)
        return refusal

    def _judge_host(self, hosts: list[str]) -> Refusal | None:
        if len(hosts) != 1:
            return Refusal(400, "Bad host", "a request needs exactly one Host header", closes=True)
        if hosts[0] in self._known:
            return None
        if not self.listen.knows(hosts[0]):
            detail = "this server does not answer to that Host; add the name with --public-host if it should"
            return Refusal(421, "Unknown host", detail, closes=True)
        if len(self._known) < _REMEMBERED:
            self._known.add(hosts[0])
        return None

    def _holder(self, tokens: list[bytes]) -> Holder | None:
        presented = bearer(tokens[0]) if len(tokens) == 1 else None
        return None if presented is None else self.keyring().holder(presented)

    def _judge_holder(self, need: Role | None, holder: Holder | None, tokens: list[bytes]) -> Refusal | None:
        if need is None or (need in _HARMLESS and self._loopback):
            return None
        if not tokens:
            return _unauthorised("send the token as `Authorization: Bearer …`", "Bearer")
        if holder is None:
            return _unauthorised("the token is not known", 'Bearer error="invalid_token"')
        if not holder.role.may(need):
            return _forbidden(holder, need)
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


def _forbidden(holder: Holder, need: Role) -> Refusal:
    detail = f'this needs the role {need}; the token "{holder.name}" has {holder.role}'
    challenge = 'Bearer error="insufficient_scope"'
    return Refusal(403, "Not allowed", detail, (("www-authenticate", challenge),))
