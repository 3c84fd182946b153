"""The subscribers of a node: told as they stand, found by name, and switched on and off by people."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import structlog

from hookwright.rules.model import Subscriber
from hookwright.rules.table import RoutingTable
from hookwright.schemas.nearest import did_you_mean

from .errors import EngineError, LedgerUnavailable
from .journal.switch import STATE_AFTER, Change, Switch, Switches, SwitchState, switch_entry
from .journal.writer import Writer
from .ledger.work import Resting
from .profile import Profile, name_of, profile_of

VERBS: dict[Change, str] = {
    "enabled": "enable",
    "disabled": "disable",
    "paused": "pause",
    "resumed": "resume",
}
_FROM: dict[Change, frozenset[SwitchState]] = {  # what each change makes sense from
    "enabled": frozenset({"disabled"}),
    "resumed": frozenset({"paused"}),
    "paused": frozenset({"enabled"}),
    "disabled": frozenset({"enabled", "paused"}),
}
_WAY: dict[SwitchState, str] = {"disabled": "enable it", "paused": "resume it"}

log = structlog.get_logger(__name__)


class NoSubscriber(EngineError):
    """No subscriber and no endpoint in force has this name; the message names the nearest."""


class NoSense(EngineError):
    """The change makes no sense from the present `state`; the message says what does."""

    def __init__(self, message: str, state: SwitchState) -> None:
        super().__init__(message)
        self.state = state


class SwitchingLedger(Protocol):
    """What this needs of the ledger; all raise `LedgerUnavailable`."""

    def switch(self, switches: Sequence[Switch]) -> int: ...

    def switches(self, endpoints: Sequence[str]) -> tuple[tuple[Switch, ...], tuple[int, ...]]: ...
    def rests(self) -> dict[str, Resting]: ...


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change did: `changed` is false when it was so already, `applied` while the ledger is away."""

    profile: Profile
    changed: bool
    applied: bool


class Subscribers:
    """Reads and switches. Threads may share it.

    `table` answers the live table, `bundle_of` the bundle of a subscriber's id, `booked` the switches in the
    index, `wake` makes workers look. `said` takes what is switched here: the index may not have read it yet.
    `clock` answers Unix seconds.
    """

    def __init__(
        self,
        table: Callable[[], RoutingTable],
        bundle_of: Callable[[str], str],
        booked: Callable[[], Switches],
        ledger: SwitchingLedger,
        writer: Writer,
        *,
        said: Switches | None = None,
        wake: Callable[[], object] = lambda: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._table = table
        self._bundle_of = bundle_of
        self._booked = booked
        self._ledger = ledger
        self._writer = writer
        self._wake = wake
        self._clock = clock
        self._said = Switches() if said is None else said
        self._untold = False
        self._lock = threading.Lock()

    def all(self) -> list[Profile]:
        """Every subscriber of the live configuration, ordered by id. Raises `HistoryUnavailable`."""
        table = self._table()
        switches, failures = self._known(list(table.endpoints))
        rests = self._resting()
        return [
            profile_of(one, self._bundle_of(one.id), switches, failures, rests) for one in table.subscribers
        ]

    def show(self, name: str) -> Profile:
        """The subscriber of this name or of this endpoint. Raises `NoSubscriber`, `HistoryUnavailable`."""
        return self._profile(self.find(name)[0])

    def find(self, name: str) -> tuple[Subscriber, str]:
        """A subscriber, and the name to switch it by, from `leads`, `webhook/leads` or an endpoint's name.

        Raises `NoSubscriber`.
        """
        table = self._table()
        endpoint = table.endpoint(name)
        found = endpoint[0] if endpoint else table.subscriber(name.rpartition("/")[2])
        if found is not None and endpoint is None and name not in (found.id, name_of(found)):
            found = None
        if found is None:
            known = [each for one in table.subscribers for each in (one.id, name_of(one))]
            guess = did_you_mean(name, [*known, *table.endpoints])
            raise NoSubscriber(f'no subscriber "{name[:200]}"' + (f"; {guess}" if guess else ""))
        return found, name if endpoint else name_of(found)

    def change(self, name: str, change: Change, *, reason: str, by: str) -> Changed:
        """Switch a subscriber or a single endpoint: into the journal first, then into the ledger.

        Raises `NoSubscriber`, `NoSense`, `JournalError`, `HistoryUnavailable`; then nothing was changed.
        """
        subscriber, target = self.find(name)
        with self._lock:
            switches, _ = self._known([])
            names = _names(subscriber, target, change)
            targets = [each for each in names if _state(switches, each) in _FROM[change]]
            if not targets:
                _check(names, change, switches)
                return Changed(self._profile(subscriber), changed=False, applied=True)
            now = int(self._clock() * 1000)
            made = [_made(each, change, reason, by, now, switches) for each in targets]
            self._writer.append_many([switch_entry(each, change) for each in made]).result()
            for each in made:
                self._said.take(each)
                log.info("subscriber_switched", name=each.name, change=change, by=by, reason=reason)
            applied = self._apply(made)
        return Changed(self._profile(subscriber), changed=True, applied=applied)

    def tell(self) -> None:
        """Tell the ledger what it missed while it was away. Raises `LedgerUnavailable`.

        The bookkeeper does so, too; whoever hands work to the ledger meanwhile must not wait for that.
        """
        if self._untold:
            with self._lock:
                self._ledger.switch(self._said.all())
                self._untold = False

    def _apply(self, made: Sequence[Switch]) -> bool:
        """Whether the ledger could be told; if not, it will be before it is handed anything."""
        try:
            self._ledger.switch(made)
        except LedgerUnavailable:
            self._untold = True
            return False
        with suppress(LedgerUnavailable):  # workers look by themselves within a second
            self._wake()
        return True

    def _profile(self, subscriber: Subscriber) -> Profile:
        switches, failures = self._known([action.endpoint for action in subscriber.actions])
        bundle = self._bundle_of(subscriber.id)
        return profile_of(subscriber, bundle, switches, failures, self._resting())

    def _resting(self) -> dict[str, Resting]:
        try:
            return self._ledger.rests()
        except LedgerUnavailable:
            return {}

    def _known(self, endpoints: Sequence[str]) -> tuple[Switches, dict[str, int] | None]:
        """The last word on every name, from whoever knows it, and failures in a row if the ledger answers."""
        switches = Switches([*self._booked().all(), *self._said.all()])
        try:
            told, failures = self._ledger.switches(endpoints)
        except LedgerUnavailable:
            return switches, None
        for each in told:
            switches.take(each)
        return switches, dict(zip(endpoints, failures, strict=True))


def _names(subscriber: Subscriber, name: str, change: Change) -> list[str]:
    """What a change of `name` is about: switching a subscriber on is about its endpoints, too."""
    if STATE_AFTER[change] != "enabled" or name != name_of(subscriber):
        return [name]
    return list(dict.fromkeys([name, *(action.endpoint for action in subscriber.actions)]))


def _check(names: Sequence[str], change: Change, switches: Switches) -> None:
    """Nothing is to be done. Raises `NoSense` unless that is because it was done already."""
    wanted = STATE_AFTER[change]
    for name in names:
        holding = switches.holding(name)
        if holding is None or _state(switches, name) == wanted != "enabled":
            continue
        what = _WAY[holding.state]
        if wanted != "enabled":
            what = f"to {VERBS[change]} it, {what} first"
        elif holding.name != name:
            what += f"; it stands with its subscriber {holding.name}"
        raise NoSense(f"{name} is {holding.why}; {what}", holding.state)


def _made(name: str, change: Change, reason: str, by: str, now: int, switches: Switches) -> Switch:
    """Dated after the word it answers, whatever the clock says."""
    last = switches.get(name)
    at = max(now, last.at + 1 if last else 0)
    return Switch(name=name, state=STATE_AFTER[change], reason=reason, by=by, at=at)


def _state(switches: Switches, name: str) -> SwitchState:
    switch = switches.get(name)
    return "enabled" if switch is None else switch.state
