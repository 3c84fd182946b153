"""Carries claims out: looks addresses up, sends calls, has notifiers tell; the ends come on other threads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from .flight import Flight, Resolver, Teller
from .notifying import Notifying, Outcome, Told
from .prepare import Prepared, Refusal
from .resolve import Answer, Unresolved
from .transport import Reply, Transport

Ending: TypeAlias = Reply | Refusal | Told


@dataclass(frozen=True, slots=True)
class Pilot:
    """`ended` and `unsent` are called from any thread, one of them once a flight.

    `unsent` gets the flights whose sockets must not open any more, which `may_send` says at the last moment.
    """

    resolver: Resolver
    transport: Transport
    notifying: Notifying
    may_send: Callable[[], bool]
    ended: Callable[[Flight, Ending], None]
    unsent: Callable[[Flight], None]

    def call(self, flight: Flight, prepared: Prepared) -> None:
        """Send the request of a flight."""
        prepared_flight = replace(flight, prepared=prepared)
        self.resolver.resolve(prepared.target, partial(self._resolved, prepared_flight, prepared))

    def tell(self, flight: Flight, teller: Teller, now: float) -> None:
        """Have a notifier tell the notice of a flight, at `now` (Unix seconds)."""
        work = partial(teller.tell, flight.claim, now)
        self.notifying.submit(teller.id, work, partial(self._told, flight))

    def close(self) -> None:
        """Cut everything off; each flight still under way is then ended at once."""
        self.transport.close()
        self.notifying.close()

    def _told(self, flight: Flight, outcome: Outcome) -> None:
        if isinstance(outcome, Prepared):
            self.call(flight, outcome)
        else:
            self.ended(flight, outcome)

    def _resolved(self, flight: Flight, prepared: Prepared, answer: Answer) -> None:
        if isinstance(answer, Unresolved):
            self.ended(flight, Reply(None, False, error=answer.error, message=answer.reason))
        elif not self.may_send():
            self.unsent(flight)
        else:
            call = replace(prepared.call, addresses=answer)
            self.transport.submit(call, partial(self.ended, flight))
