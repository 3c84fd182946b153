"""Work as it passes between the ledger and those who offer it, do it and book it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from msgspec import Struct

from ..delivery import Delivery, Result


@dataclass(frozen=True, slots=True)
class Offer:
    """One delivery on offer, after `attempts` spent tries, due in `wait` milliseconds."""

    delivery: Delivery
    body: bytes
    attempts: int = 0
    wait: int = 0


@dataclass(frozen=True, slots=True)
class Offered:
    """`added` counts what the ledger did not have.

    `refused` are the ids of which a result waits on their node's stream. Once that is booked and
    acknowledged, a delivery that is still open must be offered again.
    """

    epoch: str
    added: int
    refused: tuple[str, ...] = ()


POISONED = 30


class Claim(Struct, frozen=True, gc=False):
    """The right to make try number `attempt` (from 1) of a delivery, as long as the lease lives.

    `term` numbers the leases of the worker: a claim does not outlive the one it was made under. `suspicion`
    grows with every worker that died while it had the delivery: by ten if that was while it was prepared, by
    three if it was sent already. At `POISONED` the delivery is to blame.
    """

    delivery: Delivery
    body: bytes
    attempt: int
    token: str
    term: int = 0
    suspicion: int = 0


Cause = Literal["breaker", "rate", "retry_after", "schedule"]


@dataclass(frozen=True, slots=True)
class Rest:
    """An endpoint makes no calls for `wait` milliseconds. Of several rests of a cause the longest counts.

    `why` is for people. A rest ends early when a configuration is published that says otherwise of the cause.
    """

    wait: int
    cause: Cause
    why: str


@dataclass(frozen=True, slots=True)
class Resting:
    """An endpoint makes no calls until `until` (Unix ms); of several causes the one that ends last."""

    until: int
    cause: Cause
    why: str


class Settle(Struct, frozen=True, gc=False):
    """What became of a claim. `wait` is the milliseconds to the next look, for "retry" and "held".

    With a `rest` the endpoint of the delivery makes no other calls either.
    """

    token: str
    result: Result
    wait: int | None = None
    rest: Rest | None = None


@dataclass(frozen=True, slots=True)
class Expired:
    """A delivery that waited too long behind `endpoint`, and the end it then finds."""

    endpoint: str
    result: Result


@dataclass(frozen=True, slots=True)
class Tick:
    """What one step gave. `live` is the revision to prepare the claims under; times in milliseconds.

    `spoiled` are the tokens of claims that nobody can carry out: they are not what was offered.
    """

    claims: tuple[Claim, ...]
    live: str | None
    epoch: str
    next_due: int | None
    now: int
    spoiled: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Depth:
    """How much the ledger holds: all open deliveries, those waiting for a time, those in flight."""

    total: int
    waiting: int
    in_flight: int
    workers: Mapping[str, float]  # worker id -> seconds since its last sign of life

    @property
    def ready(self) -> int:
        return max(self.total - self.waiting - self.in_flight, 0)


@dataclass(frozen=True, slots=True)
class Ground:
    """What a node's bookkeeper stands on. `server` names the process of Redis, "" when it does not tell.

    `kept` is false when the data may be older than what this node did last: another server answers than the
    one it vouched for, or its own mark went back. `awaited` says that claims wait until it vouches, `evicted`
    that the server threw keys away.
    """

    epoch: str
    server: str
    kept: bool
    awaited: bool
    evicted: bool = False


@dataclass(frozen=True, slots=True)
class Holding:
    """A delivery the ledger holds, after `attempts` spent tries; in flight when it has a `token`."""

    id: str
    attempts: int
    token: str | None
