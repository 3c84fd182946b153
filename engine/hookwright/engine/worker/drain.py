"""The drain: claims what is due, makes the calls, settles the outcomes, until nothing is left to do soon.

One runs in a process. Its own thread does the bookkeeping; addresses are looked up and calls are driven by
threads of the resolver and the transport, which hand their answers back over one queue. While the ledger
cannot be reached, answers wait here and the same step is repeated under the same number until it lands.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from random import Random

from hookwright.rules.model import Target

from ..call.prepare import Refusal
from ..call.transport import Transport
from ..errors import LedgerUnavailable
from ..ledger.ledger import HORIZON, Ledger
from ..ledger.work import Claim, Settle, Tick
from .flight import Configuration, Flight, Load, Resolver, Step
from .notifier import TARGET as NOTICES
from .notifying import Notifying
from .pilot import Ending, Pilot
from .settling import Clerk, telling

IN_FLIGHT = 64  # calls at once in a process
GRACE = 10.0  # seconds that calls in flight get to finish after a stop
TICK = 0.002  # seconds between steps at least: answers are settled in batches
LONGEST_WAIT = 1.0  # seconds
LAST_WAIT = 0.1  # seconds, once stopped
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0  # seconds between tries to reach the ledger
LAST_WORDS = 3.0  # seconds after the grace until answers that cannot be settled are given up

_logger = logging.getLogger(__name__)


class Drain:
    """Runs in whatever thread calls `run`; a second caller returns at once."""

    def __init__(
        self,
        ledger: Ledger,
        load: Load,
        resolver: Resolver,
        transport: Transport,
        *,
        notifying: Notifying | None = None,
        in_flight: int = IN_FLIGHT,
        grace: float = GRACE,
        clock: Callable[[], float] = time.monotonic,
        rng: Random | None = None,
    ) -> None:
        self._ledger = ledger
        self._load = load
        self._pilot = Pilot(
            resolver, transport, notifying or Notifying(), self._may_send, self._ended, self._not_sent
        )
        self._capacity = in_flight
        self._grace = grace
        self._clock = clock
        self._clerk = Clerk(ledger.worker, rng or Random())  # noqa: S311  # spreads retries, guards nothing
        self._configuration: Configuration | None = None
        self._flights: dict[str, Flight] = {}
        self._endings: deque[tuple[Flight, Ending]] = deque()
        self._unsent: deque[Flight] = deque()
        self._settles: list[Settle] = []
        self._hand_back: list[str] = []
        self._unanswered: Step | None = None
        self._pause = FIRST_PAUSE
        self._stepped = float("-inf")
        self._offset = 0.0  # the server's Unix time minus our monotonic clock, in seconds
        self._stop_at: float | None = None
        self._event = threading.Event()
        self._phase = threading.Condition(threading.RLock())
        self._running = False
        self._busy = False
        self._woken = False

    # What the broker and the worker ask, from their threads.

    def wants_bell(self, timeout: float) -> bool:
        """False while this drain is busy: it looks for work by itself, so the bell is another worker's."""
        with self._phase:
            return self._phase.wait_for(lambda: not self._busy, timeout)

    def wake(self) -> bool:
        """Make a running drain look again; False when none runs."""
        with self._phase:
            if not self._running:
                return False
            self._woken = True
        self._event.set()
        return True

    def stop(self) -> None:
        """Claim nothing more; what is in flight may finish within the grace."""
        if self._stop_at is None:
            self._stop_at = self._clock()
        self._event.set()

    def run(self) -> None:
        """Drain until nothing is in flight and nothing is due within HORIZON, or until stopped."""
        with self._phase:
            if self._running:
                return
            self._running = self._busy = True
        while self._unbroken_turn():
            pass

    def _unbroken_turn(self) -> bool:
        """A turn that survives a bug of ours: what is in flight must not be stranded by it."""
        try:
            return self._turn()
        except Exception:
            _logger.exception("a turn of the drain broke down")
        time.sleep(LONGEST_PAUSE)
        return not self._given_up() or self._end()

    # One turn.

    def _turn(self) -> bool:
        """Collect, step, start, wait. False when there is nothing left to do soon."""
        time.sleep(max(self._stepped + TICK - self._clock(), 0))
        self._stepped = self._clock()
        self._collect()
        self._end_grace()
        try:
            tick = self._step()
        except LedgerUnavailable as error:
            return self._outage(error)
        self._pause = FIRST_PAUSE
        self._offset = tick.now / 1000 - self._clock()
        reloaded = self._reload(tick.live)
        for claim in tick.claims:
            self._begin(claim)
        if tick.claims or self._settles or reloaded:
            return True
        return self._linger(tick)

    def _collect(self) -> None:
        self._event.clear()
        while self._unsent:
            token = self._unsent.popleft().claim.token
            if self._flights.pop(token, None):
                self._hand_back.append(token)
        now = self._now_ms()
        while self._endings:
            flight, ending = self._endings.popleft()
            if self._flights.pop(flight.claim.token, None):
                self._conclude(flight.claim, self._clerk.ended(flight, ending, now), flight.notify)

    def _step(self) -> Tick:
        if self._unanswered is None:
            ready = self._stop_at is None and self._configuration is not None
            room = max(self._capacity - len(self._flights), 0) if ready else 0
            self._unanswered = Step(tuple(self._settles), tuple(self._hand_back), room)
            self._settles, self._hand_back = [], []
        step = self._unanswered
        tick = self._ledger.step(settles=step.settles, hand_back=step.hand_back, claim=step.claim)
        self._unanswered = None
        return tick

    def _reload(self, live: str | None) -> bool:
        """Load the live revision if it is not the one we have. True when it was loaded."""
        loaded = self._configuration
        if live is None or (loaded is not None and loaded.revision == live):
            return False
        self._configuration = None  # until the new one is there, claims are handed back and none are made
        try:
            content = self._ledger.content(live)
            self._configuration = None if content is None else self._load(live, content)
        except LedgerUnavailable:
            return False
        except Exception:  # ValueError for content nobody can read, anything for a bug in reading it
            _logger.exception("revision %s cannot be loaded", live)
        return self._configuration is not None

    def _begin(self, claim: Claim) -> None:
        configuration = self._configuration
        if configuration is None or self._stop_at is not None:
            self._hand_back.append(claim.token)
            return
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
            settle = self._clerk.refused(claim, refusal, target, configuration.revision, self._now_ms())
        if settle is not None:
            self._conclude(claim, settle, notify)

    def _launch(
        self, claim: Claim, target: Target | None, configuration: Configuration, notify: tuple[str, ...]
    ) -> Settle | None:
        """Start to carry a claim out, or say at once what becomes of it."""
        now = self._now_ms()
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
        self._settles.append(telling(settle, notify))
        result, teller = settle.result, claim.delivery.notifier
        if teller and result.outcome == "failure":
            _logger.error("notifier %s could not tell notice %s: %s", teller, result.delivery, result.reason)

    # Called by the threads of the resolver, the transport and the notifiers.

    def _may_send(self) -> bool:
        return self._stop_at is None and self._ledger.lease_age() < self._ledger.lease

    def _not_sent(self, flight: Flight) -> None:
        self._unsent.append(flight)
        self._event.set()

    def _ended(self, flight: Flight, ending: Ending) -> None:
        self._endings.append((flight, ending))
        self._event.set()

    # Waiting.

    def _linger(self, tick: Tick) -> bool:
        """Nothing could be claimed: wait for an answer, the next due time or a bell. False ends the run."""
        due = LONGEST_WAIT if tick.next_due is None else tick.next_due / 1000
        soon = tick.next_due is not None and due <= HORIZON and self._stop_at is None
        with self._phase:
            if self._woken and self._stop_at is None:
                self._woken = False
                return True
            if not self._flights and not soon:
                return self._end()
            self._busy = len(self._flights) >= self._capacity
            self._phase.notify_all()
        self._event.wait(
            min(LONGEST_WAIT if self._stop_at is None else LAST_WAIT, due if soon else LONGEST_WAIT)
        )
        with self._phase:
            self._busy, self._woken = True, False
        return True

    def _end(self) -> bool:
        """From here on a bell has to start a new run. Always False."""
        with self._phase:
            self._running = self._busy = False
            self._phase.notify_all()
        return False

    def _outage(self, error: LedgerUnavailable) -> bool:
        """Wait a little and try again; after a stop, only until the answers can be given up."""
        if self._pause == FIRST_PAUSE:  # said once an outage
            _logger.warning("the ledger cannot be reached: %s", error)
        if self._given_up():
            return self._end()
        time.sleep(self._pause)
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        return True

    def _given_up(self) -> bool:
        """Whether a stop need not wait for the ledger: nothing is left to tell it, or it took too long.

        Then the lease ends, and the work comes back by itself.
        """
        if self._stop_at is None:
            return False
        step = self._unanswered
        to_tell = self._settles or self._hand_back or (step and (step.settles or step.hand_back))
        return not (self._flights or to_tell) or self._clock() > self._stop_at + self._grace + LAST_WORDS

    def _end_grace(self) -> None:
        """When the grace is over, calls still in flight are cut off; each is then answered at once."""
        if self._stop_at is not None and self._flights and self._clock() > self._stop_at + self._grace:
            self._pilot.close()

    def _now_ms(self) -> int:
        """Unix milliseconds on the server's clock; ours is only asked how long ago that was."""
        return int((self._clock() + self._offset) * 1000)
