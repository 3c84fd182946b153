"""The plugin contract: every hook with its exact signature, and the shapes that go in and come out.

A plugin is a module (or an object) named by an entry point of the group `hookwright`. Each hook takes no
arguments, is called once when a process starts, and returns what the plugin adds. Names are unique per hook
and lower case (`[a-z0-9][a-z0-9_-]*`): they are what people write in YAML.

Nothing here imports the rest of Hookwright when it runs, so importing it stays cheap.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import pluggy

from .lapps import Lapp, LappEvent, LappFunction
from .notices import FailedDelivery, Network, Notice, Notifier, Notify

if TYPE_CHECKING:
    from requests import PreparedRequest
    from requests.auth import AuthBase

    from hookwright.rules.event import JSON

GROUP = "hookwright"  # of the entry points, and the name pluggy marks hooks with

hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)

JSONSchema: TypeAlias = Mapping[str, Any]

__all__ = [
    "GROUP",
    "Attempt",
    "BodyContext",
    "Encoded",
    "Encoder",
    "FailedDelivery",
    "Inject",
    "Injector",
    "JSONSchema",
    "Lapp",
    "LappEvent",
    "LappFunction",
    "Network",
    "Notice",
    "Notifier",
    "Notify",
    "SecretSource",
    "Secrets",
    "hookimpl",
    "hookspec",
    "hookwright_encoders",
    "hookwright_injectors",
    "hookwright_lapps",
    "hookwright_notifiers",
    "hookwright_secrets",
]


@dataclass(frozen=True, slots=True)
class BodyContext:
    """What an encoder may know beside the value it encodes.

    `raw` holds the value as JSON, byte for byte as it was received: the event's data, or for a batch the data
    of its events in a list; None when the value is something else (a body made by a template). A batch has
    the `event_id` of its first event. `content_type` is the one the target asks for.
    """

    content_type: str
    event_id: str
    event_type: str
    entity_type: str
    entity_id: str
    raw: bytes | None = None


@dataclass(frozen=True, slots=True)
class Encoded:
    """A request body, and headers that belong to it. A `Content-Type` here wins over the target's."""

    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


class Encoder(Protocol):
    """Turns a value into the bytes of a request body. Read-only attributes; one instance serves all threads.

    `content_types` are the ones it claims, lower case and without parameters. `schema` is a JSON Schema for
    its options; a target cannot give any yet, so `{}` will do.
    """

    @property
    def name(self) -> str: ...
    @property
    def content_types(self) -> Sequence[str]: ...
    @property
    def schema(self) -> JSONSchema: ...

    def encode(self, value: JSON, context: BodyContext) -> Encoded:
        """Called once per event and target, before the event is acknowledged, or once per batch, when it
        closes, in another process; the bytes are kept and sent on every attempt. Must be deterministic and
        must not change `value`.

        Raises `EncodeError` (or any ValueError) when the value cannot be said in this encoding.
        """
        ...


class Secrets(Protocol):
    """Looks up what a secret reference in a configuration stands for."""

    def __call__(self, reference: JSON) -> str:
        """The secret behind `{"env": "ERP_KEY"}`.

        Raises `MissingSecret` when there is none now (the call is held and looked at again later), and
        `BadReference` when `reference` is not a one-key map naming a known source.
        """
        ...


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of one delivery, as an injector sees it.

    `message` is the `webhook-id` (the same for every attempt). `number` counts from 1. `timestamp` is Unix
    seconds, the `webhook-timestamp` of this attempt. `action` is "" for a webhook and a path in a rule.
    """

    message: str
    delivery: str
    number: int
    timestamp: int
    event_id: str
    event_source: str
    event_type: str
    entity_type: str
    entity_id: str
    action: str = ""


Inject: TypeAlias = "Callable[[PreparedRequest, Attempt], None]"


class Injector(Protocol):
    """Authenticates requests: what `auth: {type: NAME, ...}` in YAML chooses.

    `schema` is a JSON Schema (draft 2020-12, an object) for the keys beside `type`. It may refer to
    `#/$defs/secret` (a reference to a secret), `text` (text or such a reference), `duration`, `size`, `rate`.
    """

    @property
    def name(self) -> str: ...
    @property
    def schema(self) -> JSONSchema: ...

    def build(self, config: Mapping[str, JSON], secrets: Secrets) -> Inject | AuthBase:
        """Called when an endpoint of a revision is first used, and again every few seconds at most, so that a
        changed secret is seen; never per call. `config` is valid by `schema` and holds secret references, not
        secrets: resolve them here with `secrets(config["token"])`. What should outlive this (a token that was
        fetched, say) belongs into the injector itself.

        What comes back is called for every attempt, from several threads. It edits the headers and the query
        of the `PreparedRequest` it is given (`method`, `url`, `headers`, `body` are set, `body` to None for a
        call without one; the headers do not care about case); method, body and host must stay. A
        `requests.auth.AuthBase` that only edits the request will do; one that leaves a response hook (Digest,
        NTLM) is refused.

        Raises whatever `secrets` raises, `InvalidHeader`, or ValueError for a config it cannot serve.
        """
        ...


class SecretSource(Protocol):
    """Finds secrets: what `{NAME: reference}` in YAML asks. `schema` is a JSON Schema for the reference."""

    @property
    def name(self) -> str: ...
    @property
    def schema(self) -> JSONSchema: ...

    def resolve(self, reference: str) -> str:
        """Called when an endpoint's configuration is built, from any thread. May block for a second or two.

        Raises `MissingSecret` when there is none (missing and empty are the same). Neither a message nor a
        log line may hold the secret's value.
        """
        ...


@hookspec
def hookwright_encoders() -> list[Encoder]:  # type: ignore[empty-body]  # pluggy calls the plugins, never this
    """Encoders this plugin adds. Called once at start; an encoder is used while events are accepted,
    and when a batch closes."""


@hookspec
def hookwright_injectors() -> list[Injector]:  # type: ignore[empty-body]
    """Injectors this plugin adds. Called once at start; `build` runs for each endpoint that names one."""


@hookspec
def hookwright_notifiers() -> list[Notifier]:  # type: ignore[empty-body]
    """Notifiers this plugin adds. Called once at start; `build` runs in the workers that tell a notice."""


@hookspec
def hookwright_secrets() -> list[SecretSource]:  # type: ignore[empty-body]
    """Secret sources this plugin adds. Called once at start."""


@hookspec
def hookwright_lapps() -> list[Lapp]:  # type: ignore[empty-body]
    """Lapps this plugin adds. Called once at start; each is called in child processes of the workers."""
