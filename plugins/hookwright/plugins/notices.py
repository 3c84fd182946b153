"""The notifier's part of the plugin contract: what people are told about, and who tells them.

A plugin imports these from `hookspecs`, which has the whole contract.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    import socket

    from requests import PreparedRequest

    from hookwright.rules.event import JSON

    from .hookspecs import Secrets

MOST_FAILURES = 20  # told one by one in a notice


@dataclass(frozen=True, slots=True)
class FailedDelivery:
    """A delivery that failed for good.

    `code` is the HTTP status of the last answer, None when there was none. `error` is a class such as
    "timeout" or "status", "" when nobody knows it; `reason` is for people. Secrets in `url` and `reason` are
    masked, but both come from outside and may hold anything else. `at` is Unix seconds.
    """

    delivery: str
    event_type: str
    event_id: str
    url: str
    attempts: int
    code: int | None
    error: str
    reason: str
    at: int


@dataclass(frozen=True, slots=True)
class Notice:
    """What a notifier tells people about one subscriber.

    `id` is the same for every try of the same notice. `kind` is "failure", "disabled" (Hookwright switched
    the subscriber off), "message" (what a rule or an automation has to say of an event) or "test". `title` is
    a sentence of one line, `text` the whole story in plain text.
    `count` is how many deliveries failed, of which `failures` holds the newest first, at most 20. `at` is
    Unix seconds.
    """

    id: str
    kind: Literal["failure", "disabled", "message", "test"]
    title: str
    text: str
    entity_type: str
    entity_id: str
    count: int
    failures: tuple[FailedDelivery, ...]
    at: int


class Network(Protocol):
    """Connections for what is not HTTP. Hookwright looks names up and judges addresses, as for its calls."""

    def connect(self, host: str, port: int, timeout: float) -> socket.socket:
        """A connected TCP socket, without TLS; `timeout` (seconds) holds for the lookup, for connecting, and
        for each operation on the socket. The mail ports 25, 465 and 587 are open, as are all a call may use.

        Raises OSError when there is no connection, and an error of Hookwright's own when the address may not
        be called; let both through.
        """
        ...


Notify: TypeAlias = "Callable[[Notice], PreparedRequest | None]"


class Notifier(Protocol):
    """Tells people: what `type` of an entry under `notifiers:` in YAML chooses.

    `schema` is a JSON Schema (draft 2020-12, an object) for the keys beside `id`, `type` and `default`. It
    may refer to `#/$defs/secret` (a reference to a secret), `text` (text or such a reference), `duration`,
    `size`, `rate`.
    """

    @property
    def name(self) -> str: ...
    @property
    def schema(self) -> Mapping[str, Any]: ...

    def build(self, config: Mapping[str, JSON], secrets: Secrets, network: Network) -> Notify:
        """Called in a worker before a notice is told, and again every few seconds at most, so that a changed
        secret is seen. `config` is valid by `schema` and holds secret references, not secrets: resolve them
        here with `secrets(config["url"])`.

        What comes back is called once for each try of a notice, from several threads, and keeps nothing
        between notices. It returns a `requests.PreparedRequest` (`method`, `url`, `headers` and a body of
        bytes) that Hookwright sends itself, with the checks, the deadline and the record of every call: any
        2xx means told. Or it tells by itself, through `network` and within half a minute, and returns None.

        Raises whatever `secrets` raises (the notice then waits), or any Exception, upon which the notice is
        tried again. No error's text may hold a secret.
        """
        ...
