"""The story: what the journal of a simulated node says, told one happening after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Raw

from hookwright.rules.event import JSON, Event
from hookwright.rules.model import endpoint_name
from hookwright.schemas.grammar import spelt

from ..delivery import Status
from ..instant import milliseconds
from ..journal.follow import Advanced, Derived, Entered, Fanout, Follower, Item, Turned
from ..journal.opened import Batched, Noticed, Opened
from ..journal.outcome import Attempt, Held, Settled
from ..journal.runs import RunLine, StepLine
from .happening import Happening, Kind

_TURN = (Fanout, Entered, Turned, Derived, Advanced)
_SHOWN = 200  # characters of what came out of a step


class Story:
    """Follows the journal in `folder`; `clock` is that of the simulation, in Unix seconds."""

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        self._follower = Follower(folder, {}, clock)
        self._clock = clock
        self._endpoints: dict[str, str] = {}
        self._runs: dict[str, str] = {}
        self._attempts: dict[str, Attempt] = {}
        self._told: list[Happening] = []

    def told(self) -> Sequence[Happening]:
        """All of it, in the order of time."""
        self._follower.close()
        return self._told

    def repeated(self, event: Event, now: int) -> None:
        """An event came that had come before."""
        self._told.append(
            Happening(at=now, kind="event", subject=event.type, text=f"{event.id} again: ignored")
        )

    def follow(self) -> None:
        """Read what was written since the last time."""
        more = True
        found: list[Happening] = []
        while more:
            batch = self._follower.poll(thorough=True)
            more = batch.more
            for item in sorted(batch.items, key=_order):
                found += self._tell(item)
        self._told += found

    def _tell(self, item: Item) -> Iterator[Happening]:
        match item:
            case Fanout():
                yield self._accepted(item)
            case Derived():
                yield from self._opened(item)
            case Turned():
                switch = item.switch
                text = f"{switch.state}: {switch.reason}"
                yield Happening(at=switch.at, kind="switched", subject=switch.name, text=text)
            case Advanced(fields=RunLine() | StepLine() as line):
                yield self._advanced(line, item.at)
            case Entered():
                yield from self._booked(item)

    def _accepted(self, item: Fanout) -> Happening:
        event, who = item.event, []
        for _, each in item.deliveries:
            self._endpoints[each.id] = endpoint_name(each.entity_type, each.entity_id, each.action)
            wait = _waiting(each.due, item.at)
            who.append(f"{self._endpoints[each.id]}{wait}{' (batched)' if each.batch else ''}")
        for run in item.runs:
            self._runs[run.id] = run.entity_id
            who.append(f"automation/{run.entity_id}{_waiting(run.due, item.at)}")
        fields: dict[str, JSON] = {"id": event.id, "source": event.source}
        text = f"{event.id} → {', '.join(who) or 'nobody'}"
        return Happening(at=item.at, kind="event", subject=event.type, text=text, fields=fields)

    def _opened(self, item: Derived) -> Iterator[Happening]:
        opened = item.opened
        notifier = getattr(opened, "notifier", "")
        endpoint = endpoint_name(opened.entity_type, opened.entity_id, opened.action)
        self._endpoints[opened.id] = f"notify/{notifier}" if notifier else endpoint
        if isinstance(opened, Batched):
            window = spelt(item.at - milliseconds(opened.opened))
            text = f"{len(opened.members)} events, open for {window}, closed by {opened.closed}"
            fields: dict[str, JSON] = {"members": list(opened.members)}
            yield self._of(opened, item.at, "batch", text, fields)
        elif isinstance(opened, Noticed):
            text = f"is told of {endpoint_name(opened.entity_type, opened.entity_id, '')}: {opened.tells}"
            yield self._of(opened, item.at, "notify", text, {"about": list(opened.about)})

    def _of(self, opened: Opened, at: int, kind: Kind, text: str, fields: Mapping[str, JSON]) -> Happening:
        subject = self._endpoints[opened.id]
        return Happening(at=at, kind=kind, subject=subject, text=text, delivery=opened.id, fields=fields)

    def _advanced(self, line: RunLine | StepLine, at: int) -> Happening:
        if isinstance(line, RunLine):
            self._runs[line.run] = line.entity_id
            word = "begins" if line.begun else "waits for its turn"
            said = word if line.status is Status.IN_QUEUE else str(line.status)
            text = f"{said}{f': {line.reason}' if line.reason else ''}"
            fields: dict[str, JSON] = {"run": line.run, "status": line.status.value, "key": line.key}
            return Happening(
                at=at, kind="run", subject=f"automation/{line.entity_id}", text=text, fields=fields
            )
        subject = f"automation/{self._runs.get(line.run, '')}/{line.path}"
        fields = {"run": line.run, "state": line.state}
        return Happening(
            at=milliseconds(line.step_at), kind="step", subject=subject, text=_step(line), fields=fields
        )

    def _booked(self, item: Entered) -> Iterator[Happening]:
        line = item.fields
        endpoint = self._endpoints.get(line.delivery, line.delivery)
        if isinstance(line, Attempt):
            self._attempts[line.delivery] = line
            if line.outcome == "retry":
                yield _attempt(endpoint, line, item.at, f"; again in {_wait(line.next, line.ended)}")
        elif isinstance(line, Held):
            text = f"waits {_wait(line.next, None, item.at)}: {line.reason}" if line.next else line.reason
            yield Happening(at=item.at, kind="held", subject=endpoint, text=text, delivery=line.delivery)
        elif isinstance(line, Settled):
            last = self._attempts.pop(line.delivery, None)
            end = f"{line.status}{f', {line.reason}' if line.reason else ''}"
            if last is not None and last.outcome != "retry":
                yield _attempt(endpoint, last, item.at, f": {end}", line.status)
            else:
                yield Happening(
                    at=item.at, kind="ended", subject=endpoint, text=end, delivery=line.delivery,
                    fields={"status": line.status.value},
                )  # fmt: skip


def _order(item: Item) -> int:
    """As a turn of the node goes: what came in, what calls came to, what that opens, what runs make of it."""
    return next((rank for rank, kind in enumerate(_TURN) if isinstance(item, kind)), len(_TURN))


def _attempt(endpoint: str, line: Attempt, at: int, then: str, status: Status | None = None) -> Happening:
    sent, answer = line.request, str(line.response.status) if line.response else line.error or "told"
    call = f"{line.attempt}: {sent.method} {sent.url} → " if sent else f"{line.attempt}: "
    fields: dict[str, JSON] = {"attempt": line.attempt, "outcome": line.outcome}
    fields |= {"url": sent.url} if sent else {}
    fields |= {"code": line.response.status} if line.response else {}
    fields |= {"error": line.error} if line.error else {}
    fields |= {"next": line.next} if line.next else {}
    fields |= {"status": status.value} if status else {}
    return Happening(
        at=at,
        kind="attempt",
        subject=endpoint,
        text=f"{call}{answer}{then}",
        delivery=line.delivery,
        fields=fields,
    )


def _step(line: StepLine) -> str:
    if line.error:
        return f"{line.state}: {line.error[0]}, {line.error[1]}"
    if line.state == "waiting" and line.until:
        return f"waits until {line.until}"
    said = msgspec.json.encode(line.output).decode() if isinstance(line.output, Raw) else ""
    return f"{line.state}{f': {said[:_SHOWN]}' if said else ''}"


def _waiting(due: str, now: int) -> str:
    wait = milliseconds(due) - now
    return f" in {spelt(wait)}" if wait > 0 else ""


def _wait(until: str | None, since: str | None, at: int = 0) -> str:
    if until is None:
        return "0s"
    begin = milliseconds(since) if since else at
    return spelt(max(milliseconds(until) - begin, 0))
