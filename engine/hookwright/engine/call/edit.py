"""The last edits of a request: authentication, then a signature over its final bytes and URL."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import Struct

from hookwright.plugins.hookspecs import Attempt, Inject
from hookwright.plugins.signing import Signature

from ..delivery import Delivery
from .headers import Headers, Pairs, inject_into
from .mask import REDACTED

SIGNED = frozenset({"webhook-signature"})  # of the headers that are ours, what a signer may write
_NOTHING: frozenset[str] = frozenset()


class Edited(Struct, frozen=True, gc=False):
    """A request after its edits. `secrets` are what authentication wrote, `signatures` what signing did."""

    url: str
    headers: Headers
    secrets: frozenset[str] = _NOTHING
    signatures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edits:
    """What edits the calls of an endpoint: who authenticates them, and who signs them, if anybody does."""

    inject: Inject | None = None
    sign: Inject | None = None

    @property
    def replaced(self) -> frozenset[str]:
        """The headers of an endpoint, in lower case, that the signature writes in any case."""
        return self.sign.names if isinstance(self.sign, Signature) else _NOTHING

    def __bool__(self) -> bool:
        return self.inject is not None or self.sign is not None

    def edited(
        self,
        method: str,
        url: str,
        headers: Headers,
        body: bytes | None,
        delivery: Delivery,
        number: int,
        timestamp: int,
        common: int = 0,
    ) -> Edited:
        """The request of try `number`, made at `timestamp` (Unix seconds). Raises what plugins raise.

        The first `common` headers have none of the names that are `replaced`.
        """
        secrets = _NOTHING
        if self.inject is not None:
            trying = _attempt(delivery, number, timestamp)
            injected = inject_into(self.inject, method, url, headers, body, trying)
            url, headers, secrets, common = injected.url, injected.headers, injected.secrets, 0
        if self.sign is None:
            return Edited(url, headers, secrets)
        if isinstance(self.sign, Signature):
            # A call without a body is signed like one with an empty body.
            pairs = self.sign.sign(delivery.message, timestamp, body or b"")
            headers = headers.without(self.sign.names, common)
            return Edited(url, _signed(headers, pairs), secrets, tuple([value for _, value in pairs]))
        trying = _attempt(delivery, number, timestamp)
        signed = inject_into(self.sign, method, url, headers, body, trying, may_write=SIGNED)
        return Edited(signed.url, signed.headers, secrets, tuple(signed.secrets))


def _signed(headers: Headers, pairs: Pairs) -> Headers:
    """With a signature's headers, hidden where they are shown."""
    return Headers(headers.sent + pairs, headers.shown + tuple([(name, REDACTED) for name, _ in pairs]))


def _attempt(delivery: Delivery, number: int, timestamp: int) -> Attempt:
    return Attempt(
        message=delivery.message,
        delivery=delivery.id,
        number=number,
        timestamp=timestamp,
        event_id=delivery.event_id,
        event_source=delivery.event_source,
        event_type=delivery.event_type,
        entity_type=delivery.entity_type,
        entity_id=delivery.entity_id,
        action=delivery.action,
    )
