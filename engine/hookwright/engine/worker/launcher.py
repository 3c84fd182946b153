"""From a claim to the call that carries it out, or to what becomes of it without one."""

from __future__ import annotations

import logging

from hookwright.rules.model import Target

from ..call.prepare import Refusal
from ..ledger.work import Claim, Settle
from .account import Account
from .flight import Configuration, Flight
from .notifier import TARGET as NOTICES
from .pilot import Ending, Pilot
from .settling import Clerk, telling

_logger = logging.getLogger(__name__)


class Launcher:
    """Knows the flights: claims that are being carried out. Used by the drain's thread."""

    def __init__(self, account: Account, clerk: Clerk, pilot: Pilot) -> None:
        self._account = account
        self._clerk = clerk
        self._pilot = pilot
        self._flights: dict[str, Flight] = {}

    def __len__(self) -> int:
        return len(self._flights)

    def begin(self, claim: Claim, configuration: Configuration) -> bool:
        """Carry a claim out, or settle it at once. True when it is under way now."""
        target = Target(url="")
        notify: tuple[str, ...] = ()
        try:
            notify = configuration.notify(claim.delivery)
            found = NOTICES if claim.delivery.notifier else configuration.target(claim.delivery)
            target = found or target
            settle = self._launch(claim, found, configuration, notify)
        except Exception as error:
            _logger.exception("delivery %s cannot be prepared", claim.delivery.id)
            self._flights.pop(claim.token, None)
            refusal = Refusal("retry", "poison", f"preparing it broke down ({type(error).__name__})")
            settle = self._clerk.refused(claim, refusal, target, configuration.revision, self._account.now())
        if settle is not None:
            self._conclude(claim, settle, notify)
        return settle is None

    def end(self, flight: Flight, ending: Ending) -> None:
        """A flight has come to this; one that nobody knows (any more) has ended already."""
        if self._flights.pop(flight.claim.token, None):
            settle = self._clerk.ended(flight, ending, self._account.now())
            self._conclude(flight.claim, settle, flight.notify)

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
        teller = configuration.teller(claim.delivery) if claim.delivery.notifier else None
        if target is None or (claim.delivery.notifier and teller is None):
            return self._clerk.removed(claim, revision, now)
        if now - claim.delivery.due > target.retry.max_age:
            return self._clerk.too_old(claim, target, revision, now)
        refused = claim.delivery.refusal
        if refused is not None:  # known when it was accepted
            return self._clerk.refused(claim, Refusal("failure", *refused), target, revision, now)
        prepared = None if teller else configuration.prepare(claim, now / 1000)
        if isinstance(prepared, Refusal):
            return self._clerk.refused(claim, prepared, target, revision, now)
        flight = self._flights[claim.token] = Flight(claim, prepared, target, revision, notify)
        self._pilot.start(flight, teller, now / 1000)
        return None

    def _conclude(self, claim: Claim, settle: Settle, notify: tuple[str, ...]) -> None:
        self._account.settle(telling(settle, notify))
        result, teller = settle.result, claim.delivery.notifier
        if teller and result.outcome == "failure":
            _logger.error("notifier %s could not tell notice %s: %s", teller, result.delivery, result.reason)
