"""The Lapp's part of the plugin contract: a function that Hookwright calls with an event, in a child process.

A plugin imports these from `hookspecs`, which has the whole contract.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from hookwright.rules.event import JSON


@dataclass(frozen=True, slots=True)
class LappEvent:
    """What a Lapp is called with.

    `data` is the event's data; for a batch the list of its events' data, and `id` is the first one's.
    `message` is the same for every attempt and replay, `delivery` for every attempt, `attempt` counts from 1.
    `action` is "" for a webhook and a path in a rule. `stage` is "test" when the call is only tried out.
    """

    id: str
    source: str
    type: str
    data: Any
    message: str
    delivery: str
    attempt: int
    entity_type: str
    entity_id: str
    action: str = ""
    stage: Literal["test", "live"] = "live"


class Lapp(Protocol):
    """A function with a name: what `lapp: NAME` in YAML chooses.

    `schema` is a JSON Schema (draft 2020-12, an object) for its `config`; `{}` when it takes none. It may
    refer to `#/$defs/secret` (a reference to a secret), `text` (text or such a reference), `duration`,
    `size`, `rate`.
    """

    @property
    def name(self) -> str: ...
    @property
    def schema(self) -> Mapping[str, Any]: ...

    def call(self, event: LappEvent, config: Mapping[str, JSON]) -> JSON:
        """Called once for every attempt, in a process of its own that ends with the call: nothing it keeps is
        there the next time, and it is killed when it needs too much time or memory. `config` is valid by
        `schema`, with the secrets themselves in place of the references to them.

        The value, any that JSON can say in 1 MiB, is recorded; later steps of an automation can use it. What
        is printed and logged is recorded, too, without the secrets of `config`.

        Any exception is a failed attempt, upon which there may be another one with the same `message`.
        """
        ...


@dataclass(frozen=True, slots=True)
class LappFunction:
    """A Lapp made of a function: `LappFunction("acme-score", score)`."""

    name: str
    call: Callable[[LappEvent, Mapping[str, JSON]], JSON]
    schema: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
