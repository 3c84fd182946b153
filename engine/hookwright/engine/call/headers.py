"""The headers of a call, as sent and as shown, and what an injector makes of them."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version

from msgspec import Struct
from requests import PreparedRequest
from requests.structures import CaseInsensitiveDict

from hookwright.plugins.errors import InvalidHeader
from hookwright.plugins.headers import RESERVED_HEADERS, check_header
from hookwright.plugins.hookspecs import Attempt, Inject
from hookwright.rules.headers import RESERVED

from ..hops import HEADER
from .mask import REDACTED, Mask

Pairs = tuple[tuple[str, str], ...]


class Headers(Struct, frozen=True, gc=False):
    """Two lists of the same names in the same order: `sent` goes out, `shown` may be recorded."""

    sent: Pairs
    shown: Pairs

    def __add__(self, pairs: Pairs) -> Headers:
        return Headers(self.sent + pairs, self.shown + pairs)

    def without(self, names: Set[str], common: int = 0) -> Headers:
        """All but those of these names, which are in lower case; itself when there are none.

        The first `common` are known to have other names.
        """
        for name, _ in self.sent[common:]:
            if name.lower() in names:
                break
        else:
            return self
        return Headers(_others(self.sent, names), _others(self.shown, names))

    def masked(self, mask: Mask) -> Headers:
        return Headers(self.sent, tuple((name, mask(value)) for name, value in self.shown))


@dataclass(frozen=True, slots=True)
class Injected:
    """What an injector made of a request. `secrets` are the header values it wrote."""

    url: str
    headers: Headers
    secrets: frozenset[str]


@cache
def user_agent() -> str:
    return f"Hookwright/{version('hookwright')}"


def static_headers(content_type: str | None, written: Iterable[tuple[str, str, bool]]) -> Headers:
    """What every call of an endpoint carries: our own, then the (name, value, is secret) ones of its YAML.

    `content_type` is None where calls have no body. Raises InvalidHeader for what may not go on the wire; no
    secret is quoted.
    """
    of_body = () if content_type is None else (("Content-Type", content_type),)
    own = (*of_body, ("User-Agent", user_agent()))
    sent: list[tuple[str, str]] = []
    shown: list[tuple[str, str]] = []
    for name, value, secret in written:
        _check(name, value)
        sent.append((name, value))
        shown.append((name, REDACTED if secret else value))
    return Headers((*own, *sent), (*own, *shown))


def with_encoded(headers: Headers, encoded: Pairs) -> Headers:
    """Add what an encoder says of the body it made; it replaces headers of the same name.

    Raises InvalidHeader.
    """
    if not encoded:
        return headers
    for name, value in encoded:
        (check_header if name.lower() == "content-type" else _check)(name, value)
    return headers.without({name.lower() for name, _ in encoded}) + encoded


def attempt_headers(message: str, timestamp: int, *, test: bool = False, hops: int = 0) -> Pairs:
    """What every attempt carries. A receiver can tell a `test`, which a person asked for.

    `hops` is how often the event has come back so far; who posts an event because of this call says one more.
    """
    always = (("webhook-id", message), ("webhook-timestamp", str(timestamp)), (HEADER, str(hops + 1)))
    return (*always, ("hookwright-test", "true")) if test else always


def inject_into(
    inject: Inject,
    method: str,
    url: str,
    headers: Headers,
    body: bytes | None,
    attempt: Attempt,
    *,
    may_write: Set[str] = frozenset(),
) -> Injected:
    """Lets `inject` edit a bare request. Raises InvalidHeader, and whatever `inject` raises.

    `may_write` names those of our own headers (in lower case) that it may write.

    The request is never prepared by requests: that would rewrite the URL. Headers `inject` left alone stay
    as they were, doubles included; those it wrote come last, redacted in `shown`; those it took out are gone.
    """
    request = PreparedRequest()
    request.method, request.url, request.body = method, url, body
    request.headers = CaseInsensitiveDict()
    before = _fold(headers.sent, request.headers)
    inject(request, attempt)
    after = {name: _as_text(value) for name, value in request.headers.lower_items()}
    written = {name for name, value in after.items() if before.get(name) != value}
    kept = after.keys() - written
    added = tuple((name, after[name.lower()]) for name in request.headers if name.lower() in written)
    for name, value in added:
        if name.lower() in RESERVED_HEADERS - may_write:
            raise InvalidHeader(name, "belongs to Hookwright or to the connection")
        check_header(name, value)
    return Injected(
        url=str(request.url),
        headers=Headers(
            _only(headers.sent, kept) + added,
            _only(headers.shown, kept) + tuple((name, REDACTED) for name, _ in added),
        ),
        secrets=frozenset(part for _, value in added for part in _parts(value)),
    )


def _check(name: str, value: str) -> None:
    """Raises InvalidHeader, which never quotes `value`."""
    reason = RESERVED.get(name.lower())
    if reason is not None:
        raise InvalidHeader(name, reason)
    check_header(name, value)


def _fold(pairs: Pairs, headers: CaseInsensitiveDict[str]) -> dict[str, str]:
    """Puts `pairs` into `headers`, doubles joined by commas (RFC 9110, 5.3); answers with what now stands
    under each lower case name."""
    folded: dict[str, str] = {}
    for name, value in pairs:
        key = name.lower()
        folded[key] = f"{folded[key]}, {value}" if key in folded else value
        headers[name] = folded[key]
    return folded


def _others(pairs: Pairs, names: Set[str]) -> Pairs:
    return tuple(pair for pair in pairs if pair[0].lower() not in names)


def _only(pairs: Pairs, names: Set[str]) -> Pairs:
    return tuple(pair for pair in pairs if pair[0].lower() in names)


def _as_text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _parts(value: str) -> tuple[str, ...]:
    """A header's value, and its credentials without the scheme: `Bearer abc` and `abc`."""
    credentials = value.partition(" ")[2]
    return (value, credentials) if credentials else (value,)
