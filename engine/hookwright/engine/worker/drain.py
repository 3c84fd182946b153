"""The drain: claims what is due, makes the calls, settles the outcomes, until nothing is left to do soon.

One runs in a process. Its thread does the bookkeeping, and drives the calls whenever it would wait, even for
Redis. Addresses are looked up and notices told by other threads, which hand their answers over in a queue.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from random import Random

from ..call.transport import Transport
from ..errors import LedgerUnavailable
from ..lapp.sandbox import Sandbox
from ..ledger.ledger import HORIZON, Ledger
from ..ledger.work import Claim, Tick
from .account import Account
from .flight import Configuration, Flight, Load, Resolver
from .lapping import Lapping
from .launcher import Launcher
from .notifying import Notifying
from .pilot import Crew, Ending, Pilot
from .settling import Clerk
from .slots import Slots

GRACE = 10.0  # seconds that calls in flight get to finish after a stop
TICK = 0.002  # seconds between steps at least: answers are settled in batches
LONG_TICK = 0.004  # the same, while there are few answers, and others to come
FEW = 3  # answers are few when so many times their number are under way
AT_ONCE = 16  # calls that are prepared before they are sent
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
        crew: Crew | None = None,
        slots: Slots | None = None,
        grace: float = GRACE,
        clock: Callable[[], float] = time.monotonic,
        rng: Random | None = None,
    ) -> None:
        self._ledger = ledger
        ledger.meanwhile(self._meanwhile)
        self._load = load
        self._transport = transport
        self._pilot = Pilot(
            resolver,
            transport,
            crew or Crew(Notifying(), Lapping(Sandbox())),
            self._may_send,
            self._ended,
            self._not_sent,
        )
        self._slots = slots or Slots()
        self._grace = grace
        self._clock = clock
        self._account = Account(ledger, clock)
        clerk = Clerk(ledger.worker, rng or Random())  # noqa: S311  # spreads retries, guards nothing
        self._launcher = Launcher(self._account, clerk, self._pilot)
        self._configuration: Configuration | None = None
        self._endings: deque[tuple[Flight, Ending]] = deque()
        self._unsent: deque[Flight] = deque()
        self._pause = FIRST_PAUSE
        self._stepped = float("-inf")
        self._stop_at: float | None = None
        self._news = False  # whether there is anything to look at
        self._thread: int | None = None
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
        self._tell()
        return True

    def stuck(self) -> tuple[str, float]:
        """The delivery that is being prepared, and for how many seconds: a plugin may never return."""
        return self._launcher.stuck()

    def stop(self) -> None:
        """Claim nothing more; what is in flight may finish within the grace."""
        if self._stop_at is None:
            self._stop_at = self._clock()
        self._tell()

    def run(self) -> None:
        """Drain until nothing is in flight and nothing is due within HORIZON, or until stopped."""
        with self._phase:
            if self._running:
                return
            self._running = self._busy = True
        self._thread = threading.get_ident()
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
        self._gather()
        self._stepped = self._clock()
        self._collect()
        self._end_grace()
        try:
            tick = self._account.step(self._room())
        except LedgerUnavailable as error:
            return self._outage(error)
        self._pause = FIRST_PAUSE
        reloaded = self._reload(tick.live)
        self._begin_all(tick.claims)
        if tick.claims or self._account.has_ends or reloaded:
            return True
        return self._linger(tick)

    def _collect(self) -> None:
        self._news = False
        while self._unsent:
            flight = self._unsent.popleft()
            self._slots.end(flight.claim.token)
            self._launcher.turn_back(flight)
        while self._endings:
            flight, ending = self._endings.popleft()
            self._slots.end(flight.claim.token)
            self._launcher.end(flight, ending)

    def _room(self) -> int:
        """How many claims to ask for."""
        ready = self._stop_at is None and self._configuration is not None
        return self._slots.room(self._clock()) if ready else 0

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

    def _begin_all(self, claims: tuple[Claim, ...]) -> None:
        """Begin claims, and send a few at a time: receivers are at work while the next ones are prepared."""
        for first in range(0, len(claims), AT_ONCE):
            for claim in claims[first : first + AT_ONCE]:
                self._begin(claim)
            self._transport.attend(0)

    def _begin(self, claim: Claim) -> None:
        configuration = self._configuration
        if configuration is None or self._stop_at is not None:
            self._account.hand_back(claim.token)
        elif self._launcher.begin(claim, configuration):
            self._slots.begin(claim.token, self._clock())

    # Called by this thread, and by those of the resolver, the transport and the notifiers.

    def _may_send(self, flight: Flight) -> bool:
        return self._stop_at is None and self._ledger.holds(flight.claim)

    def _not_sent(self, flight: Flight) -> None:
        self._unsent.append(flight)
        self._tell()

    def _ended(self, flight: Flight, ending: Ending) -> None:
        self._endings.append((flight, ending))
        self._tell()

    def _tell(self) -> None:
        """There is something to look at. It is told before the transport is woken, and so is never missed."""
        told, self._news = self._news, True
        if not told and threading.get_ident() != self._thread:
            self._transport.wake()

    # Waiting.

    def _gather(self) -> None:
        """Let answers gather, so that many are settled at once."""
        while (left := self._stepped + self._tick() - self._clock()) > 0:
            self._transport.attend(left)

    def _tick(self) -> float:
        """Seconds between steps: longer while hardly anything could be claimed or settled."""
        soon = len(self._endings) + self._slots.room(self._clock())
        return LONG_TICK if soon * FEW < len(self._launcher) else TICK

    def _meanwhile(self, fd: int, seconds: float) -> None:
        """Go on with the calls until `fd` can be read."""
        until = self._clock() + seconds
        while not self._transport.attend(max(until - self._clock(), 0), fd) and self._clock() < until:
            pass

    def _attend(self, seconds: float) -> None:
        """Go on with the calls until there is something to look at."""
        until = self._clock() + seconds
        while not self._news and (left := until - self._clock()) > 0:
            self._transport.attend(left)

    def _linger(self, tick: Tick) -> bool:
        """Nothing could be claimed: wait for an answer, the next due time or a bell. False ends the run."""
        due = LONGEST_WAIT if tick.next_due is None else tick.next_due / 1000
        soon = tick.next_due is not None and due <= HORIZON and self._stop_at is None
        with self._phase:
            if self._woken and self._stop_at is None:
                self._woken = False
                return True
            if not self._launcher and not soon:
                return self._end()
            self._busy = not self._slots.room(self._clock())
            self._phase.notify_all()
        self._attend(self._patience(due if soon else LONGEST_WAIT))
        with self._phase:
            self._busy, self._woken = True, False
        return True

    def _patience(self, due: float) -> float:
        """Seconds to wait for an answer or a bell when something is due in `due` seconds."""
        longest = LONGEST_WAIT if self._stop_at is None else LAST_WAIT
        room = self._slots.next_room(self._clock()) if self._busy else None
        return min(longest, due, longest if room is None else room)

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
        over = not self._launcher and self._account.is_told
        return over or self._clock() > self._stop_at + self._grace + LAST_WORDS

    def _end_grace(self) -> None:
        """When the grace is over, calls still in flight are cut off; each is then answered at once."""
        if self._stop_at is not None and self._launcher and self._clock() > self._stop_at + self._grace:
            self._pilot.close()
