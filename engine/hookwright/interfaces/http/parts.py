"""What the API needs from the engine, as values and callables, so that it can be run with any of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from hookwright.engine.history.history import History
from hookwright.engine.intake.answer import Answer
from hookwright.engine.intake.cancelling import Cancels
from hookwright.engine.intake.expunging import Expunges
from hookwright.engine.intake.jobs import Jobs
from hookwright.engine.journal.opened import Replayed
from hookwright.engine.subscribers import Subscribers
from hookwright.engine.worker.handshake import Shaken

from ..live import Live
from ..register import Register


@dataclass(frozen=True, slots=True)
class Check:
    """One condition of readiness: `ok`, and `detail` for people."""

    name: str
    ok: bool
    detail: str = ""


class Accept(Protocol):
    """`Intake.accept`: stores the events of one request and answers for them, or raises `Rejected`."""

    def __call__(self, body: bytes, content_type: str, headers: Mapping[str, str]) -> Awaitable[Any]: ...


class Replay(Protocol):
    """`Replays.replay`: sends a delivery once more, or raises; None when there is no such delivery."""

    def __call__(self, delivery: str, by: str, why: str) -> Replayed | None: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """The API's collaborators.

    `readiness`, `depth` and `handshake` may block; they are called in a thread. `depth` says how many
    deliveries the ledger holds by state (`ready`, `in_flight`, …), `resting` how many endpoints make no calls
    by cause; both are empty while Redis is away.
    """

    accept: Accept
    history: History
    readiness: Callable[[], Sequence[Check]]
    depth: Callable[[], Mapping[str, int]]
    resting: Callable[[], Mapping[str, int]]
    tokens: Register
    subscribers: Subscribers
    ping: Callable[[str], Awaitable[Answer]]
    handshake: Callable[[str], Sequence[Shaken]]
    replay: Replay
    jobs: Jobs
    expunges: Expunges
    cancels: Cancels
    live: Live
