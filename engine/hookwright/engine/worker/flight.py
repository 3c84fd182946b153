"""What the drain works with: a call under way, one revision's configuration, and who finds addresses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from msgspec import Struct

from hookwright.rules.model import Target

from ..call.prepare import Prepared, Refusal
from ..call.resolve import Answer
from ..call.target import TargetAddress
from ..call.tokens import Fetching
from ..delivery import Delivery
from ..ledger.work import Claim, Settle
from .lapp import LappRun
from .notifying import Outcome


class Configuration(Protocol):
    """One revision, as far as making calls needs it."""

    @property
    def revision(self) -> str: ...

    def target(self, delivery: Delivery) -> Target | None:
        """Where and how to call; None when this revision has no such endpoint."""
        ...

    def closed(self, delivery: Delivery, now: int) -> tuple[int, str] | None:
        """When calls of its endpoint go out again (Unix ms) and why not at `now`; None while they do."""
        ...

    def prepare(self, claim: Claim, now: float) -> Prepared | LappRun | Fetching | Refusal:
        """The call of a claim whose endpoint exists, at `now` (Unix seconds); or a token is on its way."""
        ...

    def notify(self, delivery: Delivery) -> tuple[str, ...]:
        """The ids of the notifiers to be told if this delivery fails; none for tests and for notices."""
        ...

    def teller(self, delivery: Delivery) -> Teller | None:
        """Who tells a notice; None when this revision has no such notifier."""
        ...


class Teller(Protocol):
    """A notifier at work. `tell` may take long, and may be called from any thread."""

    @property
    def id(self) -> str: ...

    def tell(self, claim: Claim, now: float) -> Outcome:
        """Tell the notice of a claim at `now` (Unix seconds), or make the request that does. Never raises."""
        ...


class Load(Protocol):
    """Makes a configuration of what was published. Raises ValueError when that cannot be done."""

    def __call__(self, revision: str, content: bytes) -> Configuration: ...


class Resolver(Protocol):
    """Finds and judges the addresses of a target; `done` is called once, from any thread."""

    def resolve(self, target: TargetAddress, done: Callable[[Answer], None]) -> None: ...


class Flight(Struct, frozen=True, gc=False):
    """A claim that is being carried out.

    `prepared` is None while a notifier has not made its request. A flight whose token is being fetched is
    never sent: its claim goes back as soon as that is over, and comes again.

    `notify` are the ids of the notifiers to be told if it fails.
    """

    claim: Claim
    prepared: Prepared | LappRun | Fetching | None
    target: Target
    revision: str
    notify: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """The arguments of a step, kept until the ledger has answered it."""

    settles: tuple[Settle, ...]
    hand_back: tuple[str, ...]
    claim: int
