"""Calls without a network: claims are prepared and settled as a worker does; a timeline answers."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from random import Random
from typing import cast

from hookwright.rules.model import Target
from hookwright.rules.table import RoutingTable

from ..call.mask import Mask
from ..call.prepare import Prepared, Refusal
from ..call.tokens import Fetching
from ..call.transport import Reply
from ..delivery import Delivery
from ..intake.rendering import Rendering
from ..lapp.order import Order, Report
from ..ledger.ledger import Ledger
from ..ledger.work import Claim, Tick
from ..worker.account import Account
from ..worker.flight import Flight, Teller
from ..worker.lapp import OK, LappRun, Ran, ran
from ..worker.launcher import Launcher
from ..worker.notifying import Told
from ..worker.pilot import Ending, Pilot
from ..worker.published import Published
from ..worker.settling import Clerk
from .agenda import Agenda
from .receivers import Receivers

AT_ONCE = 256  # claims under way


class Configured:
    """A revision as a worker sees it, but for secrets: placeholders stand where they would be."""

    def __init__(self, published: Published, table: RoutingTable, rendering: Rendering) -> None:
        self.revision = published.revision
        self._published = published
        self._table = table
        self._rendering = rendering

    def target(self, delivery: Delivery) -> Target | None:
        """Where and how to call; None when there is no such endpoint."""
        return self._published.target(delivery)

    def closed(self, delivery: Delivery, now: int) -> tuple[int, str] | None:
        """When calls go out again (Unix ms) and why not at `now`; None while they do."""
        return self._published.closed(delivery, now)

    def notify(self, delivery: Delivery) -> tuple[str, ...]:
        """The ids of the notifiers to be told if it fails."""
        return self._published.notify(delivery)

    def prepare(self, claim: Claim, now: float) -> Prepared | LappRun | Fetching | Refusal:
        """The call of a claim, at `now` (Unix seconds)."""
        found = self._table.endpoint(claim.delivery.endpoint)
        assert found is not None, "asked for by `target` first"
        lapp = found[1].lapp
        if lapp is not None:
            return LappRun(Order(lapp=lapp.name, event={}, data=claim.body), Mask(), lapp.stage)
        return self._rendering.preparer(*found).prepare(claim.delivery, claim.body, claim.attempt, now)

    def teller(self, delivery: Delivery) -> Teller | None:
        """Whoever would tell it."""
        return None if self._table.notifier(delivery.notifier) is None else _Silent(delivery.notifier)


class Unreachable:
    """The network of a simulation: there is none."""

    def connect(self, host: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002
        """Raises OSError."""
        raise OSError(errno.ENETUNREACH, "a simulation connects to nobody")


class _Silent:
    """A notifier that tells nobody: its answers are the timeline's."""

    def __init__(self, identifier: str) -> None:
        self.id = identifier

    def tell(self, claim: Claim, now: float) -> Told:  # noqa: ARG002  # the shape of a teller
        return Told()


class _Sky:
    """Starts flights; their ends stand on the agenda."""

    def __init__(self, agenda: Agenda, receivers: Receivers, ended: Callable[..., None]) -> None:
        self._agenda = agenda
        self._receivers = receivers
        self._ended = ended

    def start(self, flight: Flight, teller: Teller | None, now: float) -> None:  # noqa: ARG002
        answer = self._receivers.answer(flight.claim.delivery.lane)
        ending: Ending = answer.reply if teller is None else _told(answer.reply)
        if isinstance(flight.prepared, LappRun):
            ending = _ran(flight.prepared, answer.reply)
        self._agenda.at(self._agenda.now + answer.took, lambda: self._ended(flight, ending))


def _told(reply: Reply) -> Told | Refusal:
    """What a notifier makes of an answer."""
    if reply.error is None and reply.status == 200:
        return Told()
    return Refusal("retry", reply.error or "status", reply.message or f"status {reply.status}")


def _ran(run: LappRun, reply: Reply) -> Ran:
    """What comes of a Lapp that answers so: a status of 200 is a value, anything else an exception."""
    if reply.error is None and reply.status == OK:
        return ran(run, Report(end="value", value=reply.body.decode(errors="replace") or "null"))
    said = reply.message or f"the timeline says {reply.error or reply.status}"
    return ran(run, Report(end="timeout" if reply.error == "timeout" else "error", error=said))


class Calls:
    """One worker that is never away. `configuration` is what it works under."""

    def __init__(
        self, ledger: Ledger, agenda: Agenda, receivers: Receivers, configuration: Configured, rng: Random
    ) -> None:
        self._configuration = configuration
        self._account = Account(ledger, lambda: agenda.now / 1000)
        sky = _Sky(agenda, receivers, self._end)
        self._launcher = Launcher(self._account, Clerk(ledger.worker, rng), cast("Pilot", sky))

    def _end(self, flight: Flight, ending: object) -> None:
        self._launcher.end(flight, ending)  # type: ignore[arg-type]  # what `_Sky` made of it

    def turn(self) -> tuple[Tick, bool]:
        """Tell the ledger what ended and begin what can be begun, until there is nothing of either.

        The last step's tick, and whether there was anything.
        """
        worked = False
        while True:
            told = self._account.has_ends
            tick = self._account.step(max(AT_ONCE - len(self._launcher), 0))
            worked = worked or told or bool(tick.claims)
            for claim in tick.claims:
                self._launcher.begin(claim, self._configuration)
            if not tick.claims and self._account.is_told:
                return tick, worked
