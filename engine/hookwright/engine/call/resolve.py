"""Looks up the addresses of a target in threads of its own, within a budget, and has every one judged."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from .guard import Policy, judge
from .target import TargetAddress

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Unresolved:
    """Why there is no address to call. "dns" may be over by the next try, "blocked_target" is for good."""

    error: Literal["dns", "blocked_target"]
    reason: str


Answer: TypeAlias = tuple[str, ...] | Unresolved
Done: TypeAlias = Callable[[Answer], None]
Lookup: TypeAlias = Callable[[str], tuple[str, ...]]  # a host's addresses; raises OSError

CACHED = 1.0  # seconds an answer is used again
MOST = 256  # addresses of a host; who answers with more means no good, and every one is judged for each call


@dataclass(slots=True)
class _Flight:
    """One lookup of one host under way, and who waits for it. `due` is when they stop waiting."""

    host: str
    due: float
    waiting: list[tuple[TargetAddress, Done]] = field(default_factory=list)
    overdue: bool = False


class Resolver:
    """Resolves targets. A lookup that hangs holds up nobody: its host fails after `budget` seconds, others
    have threads of their own (up to `threads`), and all threads die with the process.

    One lookup per host at a time. An answer serves for a second, so nearly every attempt has a fresh one.
    """

    def __init__(
        self, policy: Policy, *, threads: int = 64, budget: float = 3.0, lookup: Lookup | None = None
    ) -> None:
        self._policy = policy
        self._threads = threads
        self._budget = budget
        self._lookup = lookup or look_up
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._running = 0
        self._queue: deque[_Flight] = deque()
        self._flights: dict[str, _Flight] = {}
        self._clock: deque[_Flight] = deque()  # in order of `due`, since all have the same budget
        self._known: dict[str, tuple[float, tuple[str, ...]]] = {}
        self._closed = False
        self._timekeeper: threading.Thread | None = None

    def resolve(self, target: TargetAddress, done: Done) -> None:
        """Calls `done` once: with every address of the target, all of them checked, or with `Unresolved`.

        An address written in the URL, or a name looked up within the last second, is answered before this
        returns, on the calling thread; anything else later, on a thread of the resolver.
        """
        answer = self._at_once(target) or self._enlist(target, done)
        if answer is not None:
            _tell(done, answer)

    def close(self) -> None:
        """Stop looking up. Whoever still waits is told "dns"."""
        with self._lock:
            self._closed = True
            waiting = [one for flight in self._flights.values() for one in flight.waiting]
            self._flights.clear()
            self._queue.clear()
            self._changed.notify_all()
        for _, done in waiting:
            _tell(done, Unresolved("dns", "the resolver was closed"))

    def _at_once(self, target: TargetAddress) -> Answer | None:
        if target.literal:
            return self._judged(target, (target.host,))
        known = self._known.get(target.host)
        if known is not None and time.monotonic() < known[0]:
            return self._judged(target, known[1])
        return None

    def _enlist(self, target: TargetAddress, done: Done) -> Answer | None:
        """Joins the lookup of this host or starts one. An answer means there is nothing to wait for."""
        with self._lock:
            if self._closed:
                return Unresolved("dns", "the resolver was closed")
            flight = self._flights.get(target.host)
            if flight is None:
                flight = _Flight(target.host, time.monotonic() + self._budget)
                self._flights[target.host] = flight
                self._launch(flight)
            elif flight.overdue:
                return self._too_slow()
            flight.waiting.append((target, done))
            return None

    def _launch(self, flight: _Flight) -> None:
        self._clock.append(flight)
        self._queue.append(flight)
        if self._timekeeper is None:
            self._timekeeper = threading.Thread(target=self._keep_time, name="resolve-clock", daemon=True)
            self._timekeeper.start()
        self._changed.notify()
        if self._running < self._threads:
            self._running += 1
            threading.Thread(target=self._work, name="resolve", daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    self._running -= 1
                    return
                flight = self._queue.popleft()
                if flight.overdue:  # it waited for a thread until nobody waited for it
                    del self._flights[flight.host]
                    continue
            self._land(flight, self._ask(flight.host))

    def _ask(self, host: str) -> tuple[str, ...] | Unresolved:
        try:
            addresses = tuple(dict.fromkeys(self._lookup(host)))
        except (OSError, UnicodeError) as error:
            return Unresolved(
                "dns", f"{host} cannot be resolved: {getattr(error, 'strerror', None) or error}"
            )
        except Exception as error:  # an answer must come, whatever a lookup does
            logger.exception("looking up %s broke down", host)
            return Unresolved("dns", f"{host} cannot be resolved: {type(error).__name__}")
        if len(addresses) > MOST:
            return Unresolved(
                "dns", f"{host} has {len(addresses):,} addresses; more than {MOST} are not taken"
            )
        return addresses or Unresolved("dns", f"{host} has no address")

    def _land(self, flight: _Flight, found: tuple[str, ...] | Unresolved) -> None:
        with self._lock:
            if self._flights.get(flight.host) is flight:
                del self._flights[flight.host]
            if not isinstance(found, Unresolved):
                self._remember(flight.host, found)
            waiting, flight.waiting = flight.waiting, []
        for target, done in waiting:
            _tell(done, found if isinstance(found, Unresolved) else self._judged(target, found))

    def _remember(self, host: str, addresses: tuple[str, ...]) -> None:
        now = time.monotonic()
        if len(self._known) > 1000:
            self._known = {name: entry for name, entry in self._known.items() if now < entry[0]}
        self._known[host] = (now + CACHED, addresses)

    def _judged(self, target: TargetAddress, addresses: tuple[str, ...]) -> Answer:
        """One bad address refuses the whole target: who answers with it means no good with the others."""
        for address in addresses:
            reason = judge(address, target.port, self._policy)
            if reason is not None:
                return Unresolved("blocked_target", reason)
        return addresses

    def _keep_time(self) -> None:
        while True:
            with self._changed:
                while not self._clock and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                left = self._clock[0].due - time.monotonic()
                if left > 0:
                    self._changed.wait(left)
                    continue
                flight = self._clock.popleft()
                flight.overdue = True
                waiting, flight.waiting = flight.waiting, []
            for _, done in waiting:
                _tell(done, self._too_slow())

    def _too_slow(self) -> Unresolved:
        return Unresolved("dns", f"no answer from the name service within {self._budget:g} s")


def look_up(host: str) -> tuple[str, ...]:
    """Every address the system has for `host`, the likeliest to work first. Raises OSError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(str(entry[4][0]) for entry in found)


def _tell(done: Done, answer: Answer) -> None:
    try:
        done(answer)
    except Exception:
        logger.exception("whoever waited for an address broke down")
