"""The actors: what a Dramatiq message starts. Each looks into the ledger for what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import dramatiq

from ..ledger.broker import DELIVER

if TYPE_CHECKING:
    from ..ledger.broker import Broker


class Runnable(Protocol):
    """A pump that runs until there is nothing left to do soon."""

    def run(self) -> None: ...


def declare_deliver(broker: Broker, drain: Runnable) -> None:
    """Let `deliver` messages run the process-wide drain."""

    def deliver() -> None:
        drain.run()

    dramatiq.actor(broker=broker, actor_name=DELIVER, queue_name=DELIVER)(deliver)
