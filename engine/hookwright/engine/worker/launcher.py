"""From a claim to the call that carries it out, or to what becomes of it without one."""

from __future__ import annotations

import logging
import time

from hookwright.rules.model import Target

from ..call.prepare import Refusal
from ..delivery import SKIPPED
from ..hops import LIMIT, LOOP
from ..ledger.work import POISONED, Claim, Settle
from .account import Account
from .flight import Configuration, Flight
from .notifier import TARGET as NOTICES
from .pilot import Ending, Pilot
from .retry import POISON
from .settling import Clerk, telling

_NOWHERE = Target(url="")
_logger = logging.getLogger(__name__)


class Launcher:
    """Knows the flights: claims that are being carried out. Used by the drain's thread."""

    def __init__(self, account: Account, clerk: Clerk, pilot: Pilot) -> None:
        self._account = account
        self._clerk = clerk
        self._pilot = pilot
        self._flights: dict[str, Flight] = {}
        self._preparing: tuple[str, float] | None = None  # what, since when

    def __len__(self) -> int:
        return len(self._flights)

    def begin(self, claim: Claim, configuration: Configuration) -> bool:
        """Carry a claim out, or settle it at once. True when it is under way now."""
        target = _NOWHERE
        notify: tuple[str, ...] = ()
        try:
            notify = configuration.notify(claim.delivery)
            found = NOTICES if claim.delivery.is_notice else configuration.target(claim.delivery)
            target = found or target
            self._preparing = (claim.delivery.id, time.monotonic())
            settle = self._launch(claim, found, configuration, notify)
        except BaseException as error:  # a plugin may even ask for the end of the process
            told = None if claim.delivery.hidden else error  # its text may quote what is redacted
            _logger.error("delivery %s cannot be prepared", claim.delivery.id, exc_info=told)
            self._flights.pop(claim.token, None)
            refusal = Refusal("retry", POISON, f"preparing it broke down ({type(error).__name__})")
            settle = self._clerk.refused(claim, refusal, target, configuration.revision, self._account.now())
        finally:
            self._preparing = None
        if settle is not None:
            self._conclude(claim, settle, notify)
        return settle is None

    def end(self, flight: Flight, ending: Ending) -> None:
        """A flight has come to this; one that nobody knows (any more) has ended already."""
        if self._flights.pop(flight.claim.token, None):
            self._conclude(flight.claim, self._settled(flight, ending), flight.notify)

    def stuck(self) -> tuple[str, float]:
        """The delivery that is being prepared, and for how many seconds. May be asked from any thread."""
        preparing = self._preparing
        return ("", 0.0) if preparing is None else (preparing[0], time.monotonic() - preparing[1])

    def turn_back(self, flight: Flight) -> None:
        """Nothing was sent, and nothing will be."""
        if self._flights.pop(flight.claim.token, None):
            self._account.hand_back(flight.claim.token)

    def _launch(
        self, claim: Claim, target: Target | None, configuration: Configuration, notify: tuple[str, ...]
    ) -> Settle | None:
        """Start to carry a claim out, or say at once what becomes of it."""
        now = self._account.now()
        revision = configuration.revision
        if claim.suspicion >= POISONED:
            return self._clerk.poisoned(claim, revision, now)
        teller = configuration.teller(claim.delivery) if claim.delivery.notifier else None
        if target is None or (claim.delivery.notifier and teller is None):
            return self._clerk.removed(claim, revision, now)
        ended = self._over(claim, target, revision, now)
        if ended is not None:
            return ended
        closed = configuration.closed(claim.delivery, now)
        if closed is not None:
            return self._clerk.closed(claim, *closed, revision, now)
        prepared = None if teller else configuration.prepare(claim, now / 1000)
        if isinstance(prepared, Refusal):
            return self._clerk.refused(claim, prepared, target, revision, now)
        flight = self._flights[claim.token] = Flight(claim, prepared, target, revision, notify)
        self._pilot.start(flight, teller, now / 1000)
        return None

    def _over(self, claim: Claim, target: Target, revision: str, now: int) -> Settle | None:
        """What the delivery says of itself that ends it, whatever its request would be."""
        if now - claim.delivery.due > target.retry.max_age:
            return self._clerk.too_old(claim, target, revision, now)
        if claim.delivery.hops > LIMIT:
            return self._clerk.skipped(claim, LOOP, revision, now)
        refused = claim.delivery.refusal
        if refused is not None and refused[0] == SKIPPED:
            return self._clerk.skipped(claim, refused[1], revision, now)
        if refused is not None:  # known when it was accepted
            return self._clerk.refused(claim, Refusal("failure", *refused), target, revision, now)
        return None

    def _settled(self, flight: Flight, ending: Ending) -> Settle:
        """What becomes of a flight. Whatever its ending does to us, its claim must not be stranded."""
        now = self._account.now()
        try:
            return self._clerk.ended(flight, ending, now)
        except Exception as error:
            _logger.exception("the end of delivery %s cannot be told", flight.claim.delivery.id)
            refusal = Refusal("retry", POISON, f"telling its end broke down ({type(error).__name__})")
            return self._clerk.refused(flight.claim, refusal, flight.target, flight.revision, now)

    def _conclude(self, claim: Claim, settle: Settle, notify: tuple[str, ...]) -> None:
        self._account.settle(telling(settle, notify))
        result, teller = settle.result, claim.delivery.notifier
        if teller and result.outcome == "failure":
            _logger.error("notifier %s could not tell notice %s: %s", teller, result.delivery, result.reason)
