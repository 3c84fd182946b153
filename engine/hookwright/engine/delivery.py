"""A `Delivery` and its life: states, legal transitions, and the `Result` of one attempt."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, TypeAlias

from msgspec import UNSET, Struct, UnsetType

from hookwright.rules.model import endpoint_name
from hookwright.schemas.grammar import spelt


class Status(StrEnum):
    """The five words people, the journal, JSON, the API and the pages use."""

    IN_QUEUE = "In Queue"
    SUCCESS = "Success"
    FAILURE = "Failure"
    CANCELLED = "Cancelled"
    SKIPPED = "Skipped"


class State(StrEnum):
    """The inner states; every one that is not terminal reads In Queue outside."""

    WAITING = "waiting"
    BATCHING = "batching"
    READY = "ready"
    IN_FLIGHT = "in_flight"
    RETRYING = "retrying"
    SPLITTING = "splitting"
    HELD = "held"
    SUCCESS = "success"
    FAILURE = "failure"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"

    @property
    def status(self) -> Status:
        return _STATUS.get(self, Status.IN_QUEUE)

    @property
    def terminal(self) -> bool:
        return self in _STATUS


_STATUS = {
    State.SUCCESS: Status.SUCCESS,
    State.FAILURE: Status.FAILURE,
    State.CANCELLED: Status.CANCELLED,
    State.SKIPPED: Status.SKIPPED,
}

Step = Literal[
    "due", "claim", "succeed", "retry", "fail", "cancel", "skip", "lose", "hold", "hand_back", "split"
]

# The one table of what may follow what. The ledger's scripts carry it out; tests hold them against it.
# A lost lease, a hold (a secret is missing, say) or a claim handed back spends no try.
TRANSITIONS: dict[tuple[State, Step], State] = {
    (State.WAITING, "due"): State.READY,
    (State.RETRYING, "due"): State.READY,
    (State.READY, "claim"): State.IN_FLIGHT,
    (State.IN_FLIGHT, "succeed"): State.SUCCESS,
    (State.IN_FLIGHT, "retry"): State.RETRYING,
    (State.IN_FLIGHT, "fail"): State.FAILURE,
    (State.IN_FLIGHT, "cancel"): State.CANCELLED,
    (State.IN_FLIGHT, "skip"): State.SKIPPED,
    (State.IN_FLIGHT, "lose"): State.READY,
    (State.IN_FLIGHT, "hold"): State.HELD,
    (State.HELD, "due"): State.READY,
    (State.IN_FLIGHT, "hand_back"): State.READY,
    (State.IN_FLIGHT, "split"): State.SPLITTING,
    (State.SPLITTING, "cancel"): State.CANCELLED,
    (State.SPLITTING, "fail"): State.FAILURE,
}


class BatchPlan(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """With whom a delivery is batched: those of its endpoint and event type with an equal plan.

    `window` is in milliseconds, `max_bytes` bounds the list as JSON. `encoder` and `content_type` say how the
    list is written when the batch closes. `split` says that a list that is refused is taken apart. `template`
    is JSON, what is filled in then: see `call.batch_template`.
    """

    window: int
    max_events: int
    max_bytes: int
    encoder: str
    content_type: str
    key: str = ""
    split: bool = False
    template: str = ""


Splitting = Literal["late", "now", "alone"]
"""What the refusal of a list leads to. A whole one is split when it is too large, or after its last try;
half of one at once; an event that is left alone fails.
"""


class OrderPlan(Struct, frozen=True, kw_only=True):
    """Deliveries of an endpoint with one `key` (a digest) go out one after the other, by their `turn`."""

    key: str
    turn: int


Pairs: TypeAlias = tuple[tuple[str, str], ...]


class DedupePlan(Struct, frozen=True, kw_only=True):
    """Of deliveries of an endpoint with one `key` (a digest) only the first in a `window` (ms) goes out."""

    key: str
    window: int


class Emitted(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An event of one's own: the delivery's body is its data."""

    type: str
    subject: str = ""


class Delivery(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One event on its way to one endpoint: everything fixed when the event was accepted.

    `due` is Unix time in milliseconds. `body` is the SHA-256 (hex) of the encoded bytes to send, `headers`
    what their encoder says about them. `place` is the YAML line that asked for it. With a `batch` it waits
    for others and is never sent by itself. `refusal` is (error class, reason) when it is known already that
    nothing can be sent, or `(SKIPPED, reason)` when nothing is to be. A `test` was asked for by a person.
    `notifier` names who carries it out in place of an HTTP call. `hidden` are values under `redact`, which
    nothing that is written may say. `hops` is how often its event has come back to a door. `order` and
    `dedupe` say which others decide when it goes out, and whether. `split` is set for the lists of batches
    that may be taken apart. `filled` are the slots of its URL, query and headers (templates) with what stands
    in them; where something of the event is redacted, `shown` are the same as they may be read. With an
    `emission` it is no call but an event that goes back to the door.
    """

    id: str
    message: str
    entity_type: str
    entity_id: str
    action: str
    event_id: str
    event_source: str
    event_type: str
    node: str
    due: int
    body: str
    place: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    batch: BatchPlan | None = None
    refusal: tuple[str, str] | None = None
    test: bool = False
    notifier: str = ""
    hidden: tuple[str, ...] = ()
    hops: int = 0
    order: OrderPlan | None = None
    dedupe: DedupePlan | None = None
    split: Splitting | None = None
    filled: Pairs = ()
    shown: Pairs = ()
    emission: Emitted | None = None

    @property
    def endpoint(self) -> str:
        return endpoint_name(self.entity_type, self.entity_id, self.action)

    @property
    def is_notice(self) -> bool:
        """Whether it tells of other deliveries; a message is told by a notifier, too."""
        return bool(self.notifier) and self.action == f"notify/{self.notifier}"

    @property
    def lane(self) -> str:
        """What the ledger queues it under: its endpoint, or beside it for a test, which waits for nobody.

        What a notifier carries out queues under that one, whatever it is about.
        """
        if self.notifier:
            return f"notify/{self.notifier}"
        return f"{self.endpoint}?test" if self.test else self.endpoint


class Timing(Struct, frozen=True, kw_only=True):
    """Seconds since the start of the attempt at which each phase was done."""

    dns: float = 0.0
    connect: float = 0.0
    tls: float = 0.0
    first_byte: float = 0.0
    total: float = 0.0


class Sent(Struct, frozen=True, kw_only=True):
    """The request as it went out, secrets redacted. `body` "data" means the event's data bytes."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: str = "data"


class Received(Struct, frozen=True, kw_only=True):
    """The answer. A body that is not UTF-8 is base64 with `encoding` set to say so."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    encoding: Literal["base64"] | UnsetType = UNSET
    truncated: bool = False


class LappRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a call of the Lapp `name` went, secrets masked. `logs` is what it printed and logged, its beginning
    and its end; `error` the last line of what went wrong; `exit` how its process ended in place of a value.
    """

    name: str
    stage: Literal["test", "live"]
    logs: str = ""
    error: str = ""
    exit: str = ""


ErrorClass = Literal[
    "dns", "connect", "tls", "timeout", "reset", "protocol", "status", "blocked_target", "expression",
    "template", "invalid_header", "not_ready", "lapp", "poison",
]  # fmt: skip  # and "plugin:<name>"

Outcome = Literal["success", "retry", "failure", "cancelled", "skipped", "lost", "held", "split"]

TERMINAL_STATUS: dict[str, Status] = {
    "success": Status.SUCCESS,
    "failure": Status.FAILURE,
    "cancelled": Status.CANCELLED,
    "skipped": Status.SKIPPED,
}


SKIPPED = "skipped"
"""In place of an error class in a refusal: nothing is to be sent, and that is as it should be."""

RECEIVER_ERRORS = frozenset({"dns", "connect", "tls", "timeout", "reset", "protocol", "status", "lapp"})
"""The error classes of which a receiver is to blame, or the way to it: those that count for a breaker.

The receiver may be a Lapp.
"""


def too_old(max_age: int) -> str:
    """Why a delivery is skipped that was due more than `max_age` milliseconds ago."""
    return f"too old: it was due more than {spelt(max_age)} ago"


class Result(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one claim; travels from the worker over the result stream to the bookkeeper.

    `at` and `next` are Unix milliseconds (`next` with outcomes "retry" and "held"). `request` is None when no
    request was made (cancelled, refused before the socket, lease lost). `error` is an `ErrorClass` or
    `plugin:<name>`; `reason` is for people. "lost" means the lease ended before the worker settled: the try
    is not spent, and what the worker saw (if anything) is kept for the record. "held" means no attempt could
    be made yet (`error` "not_ready"); it is looked at again at `next`, and no try is spent. "split" means
    that the receiver refused a list that is to be taken apart. `lapp` tells of a Lapp that was called, whose
    value is the body of `response`. `notify` are the ids of the notifiers that are
    to be told of this failure.
    """

    delivery: str
    node: str
    attempt: int
    outcome: Outcome
    at: int
    worker: str = ""
    revision: str = ""
    request: Sent | None = None
    response: Received | None = None
    error: str | None = None
    reason: str = ""
    timing: Timing | None = None
    next: int | None = None
    notify: tuple[str, ...] = ()
    lapp: LappRecord | None = None

    @property
    def is_spoiled(self) -> bool:
        """Whether the ledger threw away what it held of the delivery: it was not what was offered."""
        return self.outcome == "lost" and not self.worker
