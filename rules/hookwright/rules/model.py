"""The model: what a valid bundle says, with every default filled in. Values only, all frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from hookwright.schemas.grammar import spelt
from hookwright.schemas.problem import Place

from .event import JSON
from .expression import Expression
from .telling import BodyTemplate, Emission, LappCall, Message

if TYPE_CHECKING:
    from .steps import Automation


class EntityType(StrEnum):
    """What kind of subscriber asked for a call: the `entityType` on the wire."""

    WEBHOOK = "webhook"
    RULE = "rule"
    AUTOMATION = "automation"


@dataclass(frozen=True, slots=True)
class SecretReference:
    """Where a secret stands, never the secret: `{env: ERP_KEY}` is `SecretReference("env", "ERP_KEY")`."""

    source: str
    name: str


Text: TypeAlias = str | SecretReference


MAX_AGE = 7 * 86_400_000  # ms


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`waits` are the milliseconds between tries, so there are `len(waits) + 1` tries in all.

    `retry_after` says whether the receiver may ask for longer ones. `max_age` is the milliseconds past its
    due time after which nobody wants a delivery any more.
    """

    waits: tuple[int, ...] = ()
    retry_after: bool = False
    max_age: int = MAX_AGE

    @property
    def tries(self) -> int:
        return len(self.waits) + 1

    @property
    def span(self) -> int:
        """Milliseconds from the first try to the last, not counting how long the tries themselves take.

        A receiver's Retry-After and full endpoints only make it longer.
        """
        return sum(self.waits)

    def __str__(self) -> str:
        """As people say it: `8 tries, ends after 27h 35m`."""
        return f"{self.tries} tries, ends after {spelt(self.span)}" if self.waits else "1 try"


@dataclass(frozen=True, slots=True)
class Auth:
    """An injector's `type` and its configuration as written (secret references resolved later).

    It authenticates, or it signs.
    """

    type: str
    config: Mapping[str, JSON] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Tls:
    """What a target trusts and shows: `ca` and `certificate` are PEM texts, "" where none is named.

    There is a `key` where there is a certificate.
    """

    ca: str = ""
    certificate: str = field(default="", repr=False)
    key: SecretReference | None = None


@dataclass(frozen=True, slots=True)
class Breaker:
    """So many failed attempts in a row end the calls to an endpoint; then probes. Times in milliseconds.

    `probe` is the wait before the first one, each further wait is twice as long, `probe_max` at most.
    """

    failures: int = 5
    probe: int = 60_000
    probe_max: int = 3_600_000


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `calls` in `span` milliseconds."""

    calls: int
    span: int

    def __str__(self) -> str:
        """As it is written: `10/s`."""
        return f"{self.calls}/{_SPANS[self.span]}"


_SPANS = {1_000: "s", 60_000: "m", 3_600_000: "h"}


@dataclass(frozen=True, slots=True)
class Target:
    """Where and how to call. Times in milliseconds. `success` holds the codes that count as Success."""

    url: str
    method: str = "POST"
    query: tuple[tuple[str, Text], ...] = ()
    encoder: str = "json"
    content_type: str = "application/json"
    headers: tuple[tuple[str, Text], ...] = ()
    auth: Auth | None = None
    timeout: int = 15_000
    success: frozenset[int] = frozenset({200})
    retry: RetryPolicy = RetryPolicy((10_000, 30_000))
    concurrency: int = 4
    entity_params: bool = True
    signing: Auth | None = None
    tls: Tls | None = None
    breaker: Breaker | None = None
    rate: Rate | None = None
    body: BodyTemplate | None = None
    slots: tuple[str, ...] = ()  # what is filled in of its URL, query and headers


@dataclass(frozen=True, slots=True)
class Action:
    """What a subscriber does. `path` is `""` for a webhook, else `actions/0/post` or `steps/hello`.

    It calls its target, unless it is a `message` to somebody, a `lapp` or an `emission`; of the target then
    only count the retries, the timeout, the rate, the breaker and the concurrency.
    """

    endpoint: str
    path: str
    target: Target
    message: Message | None = None
    lapp: LappCall | None = None
    emission: Emission | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """How events are collected into one call. `window` is in milliseconds, `max_bytes` those of a JSON list.

    `key` is the expression whose value tells apart what must not go together; None when all may.
    `split` says that a list the receiver refuses is taken apart.
    """

    window: int
    max_events: int = 1000
    max_bytes: int = 1 << 20
    key: Expression | None = None
    split: bool = False


@dataclass(frozen=True, slots=True)
class Dedupe:
    """Of events with the same value of `key` only the first within a `window` (milliseconds) is sent."""

    key: Expression
    window: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """Times of a week on the clocks of a `timezone`: open from `opens` up to `closes`, in minutes of the day.

    `weekdays` are those of the opening, Monday is 0. A `closes` before `opens` is on the next day.
    """

    id: str
    timezone: str
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    opens: int = 0
    closes: int = 24 * 60

    def __str__(self) -> str:
        """Equal for those that are open at the same times: `Europe/Berlin 0,1,2,3,4 480-1080`."""
        return f"{self.timezone} {','.join(map(str, self.weekdays))} {self.opens}-{self.closes}"


@dataclass(frozen=True, slots=True)
class FailureLimit:
    """What switches an endpoint off, any of these; `notify` are the notifiers that are told.

    That is: so many `failures` (deliveries that ended so) in a row; nothing but failed tries for `lasting`
    milliseconds, and `tries` of them at least; an answer with one of the `statuses`.
    """

    failures: int | None = None
    notify: tuple[str, ...] = ()
    lasting: int | None = None
    tries: int = 1
    statuses: tuple[int, ...] = ()

    def __str__(self) -> str:
        """What beside the number of failures: `410; 5d of nothing but failure, 20 tries at least`."""
        said = [", ".join(map(str, self.statuses))] if self.statuses else []
        if self.lasting is not None:
            said.append(f"{spelt(self.lasting)} of nothing but failure, {self.tries} tries at least")
        return "; ".join(said)


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A webhook or a rule. `events` are event types after labels and globs were resolved (sorted).

    `globs` are the globs as written: they also select types nobody declared, where those are let in.
    `sources` are exact event sources or globs over them; none means any. `match` is the pattern as written,
    or None for every event of these types, and `condition` what is asked of an event that matches. `delay` is
    in milliseconds and comes before `batch`. `notify` are the ids of the notifiers to tell when a delivery
    failed for good. `disable_after` is how many failed deliveries in a row switch an endpoint off, None for
    never; `disable_when` is what else does, None for nothing. `place` is where it stands.
    `redact` are the ways to fields of the data that nobody may read later.
    Deliveries with the same value of `order_by` go out one after the other; `dedupe` skips repeated ones.
    While `hold_outside` is closed deliveries wait; what comes while `skip_outside` is closed is skipped.
    With an `automation` an event does not lead to the `actions` but begins a run, which leads to them.
    """

    entity_type: EntityType
    id: str
    events: tuple[str, ...]
    actions: tuple[Action, ...]
    place: Place = field(hash=False, compare=False)
    globs: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    match: Mapping[str, JSON] | None = field(default=None, hash=False)
    condition: Expression | bool = True
    delay: int = 0
    batch: Batch | None = None
    notify: tuple[str, ...] = ()
    disable_after: int | None = None
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    owner: str = ""
    disable_when: FailureLimit | None = None
    redact: tuple[tuple[str, ...], ...] = ()
    order_by: Expression | None = None
    dedupe: Dedupe | None = None
    hold_outside: Schedule | None = None
    skip_outside: Schedule | None = None
    automation: Automation | None = None


@dataclass(frozen=True, slots=True)
class NotifierSettings:
    """Somebody who can be told: a notifier's `type` and its configuration as written.

    `default` says that `notify_on_failure: true` means this one, too. Secret references are resolved later.
    """

    id: str
    type: str
    default: bool = False
    config: Mapping[str, JSON] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Model:
    """A whole bundle, ready to compile. `event_types` are all types an event may have.

    `event_schemas` are JSON Schemas by event type, as written: what the data of such an event must keep to.
    """

    bundle: str
    preset: str
    revision: str
    subscribers: tuple[Subscriber, ...]
    event_types: frozenset[str]
    allow_undeclared_events: bool = False
    notifiers: tuple[NotifierSettings, ...] = ()
    event_schemas: Mapping[str, JSON] = field(default_factory=dict, hash=False)


def endpoint_name(entity_type: str, entity_id: str, path: str) -> str:
    """The name everything per-endpoint hangs on: `webhook/leads-to-erp`, `rule/big-deal/actions/0/post`."""
    return f"{entity_type}/{entity_id}/{path}" if path else f"{entity_type}/{entity_id}"
