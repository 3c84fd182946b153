"""Clockwork: the times at which runs begin without an event, each once, whatever stops meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from hookwright.rules.cron import due, next_time
from hookwright.rules.model import Subscriber
from hookwright.rules.steps import Cron
from hookwright.rules.table import RoutingTable

from ..identifiers import run_id
from ..instant import timestamp
from ..run.trigger import Trigger
from ..state import write_private

SOURCE = "/hookwright/cron"
TYPE = "hookwright.cron"

_read = msgspec.json.Decoder(dict[str, int]).decode


@dataclass(frozen=True, slots=True)
class Tick:
    """A run that begins at `time` (Unix milliseconds)."""

    subscriber: Subscriber
    time: int

    @property
    def run(self) -> str:
        """Its id: the same on every node, however often it is tried."""
        return run_id(self.subscriber.id, SOURCE, timestamp(self.time))

    @property
    def trigger(self) -> Trigger:
        """What stands in place of an event."""
        at = timestamp(self.time)
        raw = msgspec.json.encode({"scheduled": at})
        return Trigger(id=at, source=SOURCE, type=TYPE, at=self.time, raw=raw, time=at)


class Clockwork:
    """Knows up to when each automation's times were looked at, and keeps that in a file.

    `take` says which of some times this node is to begin runs for (raises `LedgerUnavailable`). An automation
    that was never seen before begins with the next time.
    """

    def __init__(self, path: Path, take: Callable[[str, Sequence[int]], Sequence[int]]) -> None:
        self._path = path
        self._take = take
        self._last: dict[str, int] = {}
        self._crons: dict[str, tuple[Subscriber, Cron]] = {}
        self._next: dict[str, int | None] = {}
        with suppress(OSError, msgspec.DecodeError):
            self._last = _read(path.read_bytes())

    def configure(self, table: RoutingTable, now: int) -> None:
        """The automations in force. Raises `OSError`."""
        self._crons = {one.id: (one, cron) for one in table.subscribers if (cron := _cron(one))}
        before = dict(self._last)
        self._last = {name: self._last.get(name, now) for name in self._crons}
        self._next = {name: next_time(cron, self._last[name]) for name, (_, cron) in self._crons.items()}
        if self._last != before:
            self._keep()

    def wait_until(self) -> int | None:
        """The next time of all (Unix milliseconds)."""
        return min((time for time in self._next.values() if time is not None), default=None)

    def ticks(self, now: int) -> Iterator[Tick]:
        """What begins now. Once that is written call `passed`. Raises `LedgerUnavailable`."""
        for name, (subscriber, cron) in self._crons.items():
            at = self._next[name]
            if at is None or at > now:
                continue
            times = due(cron, self._last[name], now)
            for time in self._take(name, times) if times else ():
                yield Tick(subscriber, time)

    def passed(self, now: int) -> None:
        """The runs of all times up to now stand in the journal. Raises `OSError`."""
        over = [name for name, at in self._next.items() if at is not None and at <= now]
        for name in over:
            self._last[name] = now
            self._next[name] = next_time(self._crons[name][1], now)
        if over:
            self._keep()

    def _keep(self) -> None:
        write_private(self._path, msgspec.json.encode(self._last).decode())


def _cron(subscriber: Subscriber) -> Cron | None:
    return subscriber.automation.cron if subscriber.automation else None
