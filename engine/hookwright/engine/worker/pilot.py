"""Carries claims out: sends calls, has notifiers tell and Lapps called; the ends come on other threads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from msgspec import structs

from ..call.prepare import Prepared, Refusal
from ..call.resolve import Answer, Unresolved
from ..call.tokens import Fetching
from ..call.transport import NOT_PERMITTED, Reply, Transport
from .flight import Flight, Resolver, Teller
from .lapp import LappRun, Ran
from .lapping import Lapping
from .lapping import Outcome as Called
from .notifying import Notifying, Outcome, Told

Ending: TypeAlias = Reply | Refusal | Told | Ran


@dataclass(frozen=True, slots=True)
class Crew:
    """Those who carry out what is no call over the network, or may become one."""

    notifying: Notifying
    lapping: Lapping

    def close(self) -> None:
        """Wait for nobody: what is still under way is answered at once."""
        self.notifying.close()
        self.lapping.close()


@dataclass(frozen=True, slots=True)
class Pilot:
    """`ended` and `unsent` are called from any thread, one of them once a flight.

    `unsent` gets the flights that must not go out any more, which `may_send` says before the socket opens and
    again before the request is written to it: connecting may take as long as a lease.
    """

    resolver: Resolver
    transport: Transport
    crew: Crew
    may_send: Callable[[Flight], bool]
    ended: Callable[[Flight, Ending], None]
    unsent: Callable[[Flight], None]

    def start(self, flight: Flight, teller: Teller | None, now: float) -> None:
        """Send the request of a flight, or have `teller` tell its notice, at `now` (Unix seconds)."""
        if teller is not None:
            work = partial(teller.tell, flight.claim, now)
            self.crew.notifying.submit(teller.id, work, partial(self._told, flight))
        elif isinstance(flight.prepared, Fetching):
            flight.prepared.when_over(partial(self.unsent, flight))
        elif isinstance(flight.prepared, LappRun):
            self.crew.lapping.submit(
                flight.prepared, partial(self.may_send, flight), partial(self._called, flight)
            )
        elif flight.prepared is not None:
            self._send(flight, flight.prepared)

    def close(self) -> None:
        """Cut everything off; each flight still under way is then ended at once."""
        self.transport.close()
        self.crew.close()

    def _told(self, flight: Flight, outcome: Outcome) -> None:
        if isinstance(outcome, Prepared):
            self._send(structs.replace(flight, prepared=outcome), outcome)
        else:
            self.ended(flight, outcome)

    def _called(self, flight: Flight, outcome: Called) -> None:
        if outcome is None:
            self.unsent(flight)
        else:
            self.ended(flight, outcome)

    def _send(self, flight: Flight, prepared: Prepared) -> None:
        self.resolver.resolve(prepared.target, partial(self._resolved, flight, prepared))

    def _resolved(self, flight: Flight, prepared: Prepared, answer: Answer) -> None:
        if isinstance(answer, Unresolved):
            self.ended(flight, Reply(None, False, error=answer.error, message=answer.reason))
        elif not self.may_send(flight):
            self.unsent(flight)
        else:
            call = structs.replace(prepared.call, addresses=answer, permit=partial(self.may_send, flight))
            self.transport.submit(call, partial(self._answered, flight))

    def _answered(self, flight: Flight, reply: Reply) -> None:
        if reply.error == NOT_PERMITTED:
            self.unsent(flight)
        else:
            self.ended(flight, reply)
