"""The audit: what the journal says happened, held against itself and against what receivers say they got."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from ..delivery import Status
from ..journal.carried import Kept
from ..journal.follow import Derived, Entered, Fanout, Follower, Item
from ..journal.opened import Batched, Opened
from ..journal.outcome import Attempt, Settled
from ..journal.reader import Damage
from ..journal.segment import list_segments

NAMED = 20  # of a kind of finding; more are counted


@dataclass(frozen=True, slots=True)
class Request:
    """One request a receiver got. `message` is its `webhook-id`, None when it had none."""

    message: str | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not be: `kind` is stable, `count` says how often, `named` are the first of them."""

    kind: str
    count: int
    named: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Audit:
    """`statuses` counts deliveries by status, those in a batch by that of their batch. `requests` is None
    without a receiver's word; `repeated` are the requests beyond the attempts on record: a crash, a stop or
    a loss of Redis may repeat one, always under the same id.
    """

    events: int
    deliveries: int
    statuses: Mapping[Status, int]
    attempts: int
    requests: int | None
    repeated: int
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class Account:
    """What the journal says, added up line by line."""

    events: set[tuple[str, str]] = field(default_factory=set)
    message_of: dict[str, str] = field(default_factory=dict)  # by delivery
    batch_of: dict[str, str] = field(default_factory=dict)  # by member
    twice_batched: list[str] = field(default_factory=list)
    ends: dict[str, Status] = field(default_factory=dict)
    ended_twice: list[str] = field(default_factory=list)
    attempts: Counter[str] = field(default_factory=Counter)  # requests on record, by message
    tried: dict[str, int] = field(default_factory=dict)  # the last request on record, by delivery
    damage: list[str] = field(default_factory=list)
    dropped: bool = False  # whether the beginning of the journal is gone: what ended may have begun there

    def take(self, item: Item) -> None:
        """One more thing that the journal says."""
        match item:
            case Fanout():
                self._accept(item)
            case Derived(opened=opened):
                self._derive(opened)
            case Entered(fields=Settled() as settled):
                self._end(settled)
            case Entered(fields=Attempt() as attempt) if attempt.request is not None:
                self._try(attempt)
            case Kept(attempt=attempt):
                self._keep(attempt)
            case Damage():
                place = item.position
                self.damage.append(f"{place.segment}, byte {place.offset}: {item.reason}")

    def _accept(self, fanout: Fanout) -> None:
        self.events.add((fanout.event.source, fanout.event.id))
        for _, planned in fanout.deliveries:
            self.message_of[planned.id] = planned.message
            if planned.carried and planned.carried.batch:
                self.batch_of[planned.id] = planned.carried.batch

    def _derive(self, opened: Opened) -> None:
        self.message_of[opened.id] = opened.message
        if isinstance(opened, Batched):
            for member in opened.members:
                self._gather(member, opened)

    def status(self, delivery: str) -> Status:
        """How it stands; a member of a batch stands as its batch does."""
        return self.ends.get(self.batch_of.get(delivery, delivery), Status.IN_QUEUE)

    def _gather(self, member: str, batch: Batched) -> None:
        """A member is in one batch, or passes from it to a half of it."""
        before = self.batch_of.get(member)
        if before not in {None, batch.id, batch.half_of}:
            self.twice_batched.append(member)
        else:
            self.batch_of[member] = batch.id

    def _try(self, attempt: Attempt) -> None:
        self.attempts[self.message_of.get(attempt.delivery, "")] += 1
        self.tried[attempt.delivery] = max(attempt.attempt, self.tried.get(attempt.delivery, 0))

    def _keep(self, kept: Attempt) -> None:
        """The tries up to this one whose lines are gone with their segments: it tells how many there were."""
        gone = max(kept.attempt - self.tried.get(kept.delivery, 0), 0)
        self.attempts[self.message_of.get(kept.delivery, "")] += gone
        self.tried[kept.delivery] = max(kept.attempt, self.tried.get(kept.delivery, 0))

    def _end(self, settled: Settled) -> None:
        if settled.delivery in self.ends:
            self.ended_twice.append(settled.delivery)
        self.ends[settled.delivery] = settled.status


def read_account(folder: Path) -> Account:
    """Add up the journal in `folder`, every writer's. Raises `OSError` when it cannot be read."""
    account = Account(dropped=_dropped(folder))
    with closing(Follower(folder, {})) as follower:
        more = True
        while more:
            batch = follower.poll(thorough=True)
            more = batch.more
            for item in batch.items:
                account.take(item)
    return account


def _dropped(folder: Path) -> bool:
    """Whether retention took away what a writer wrote first."""
    first: dict[str, int] = {}
    for segment in list_segments(folder):
        first[segment.writer] = min(segment.number, first.get(segment.writer, segment.number))
    return any(number > 1 for number in first.values())


def audit(
    account: Account, *, requests: Iterable[Request] | None = None, acknowledged: Iterable[str] = ()
) -> Audit:
    """Judge an account. `acknowledged` are ids of events that were answered with 202."""
    ids = {event for _, event in account.events}
    findings = [
        _finding("lost events", (each for each in acknowledged if each not in ids)),
        _finding("ended twice", account.ended_twice),
        _finding("in two batches", account.twice_batched),
        _finding("unknown deliveries", (each for each in account.ends if _unknown(account, each))),
        _finding("damaged lines", account.damage),
    ]
    received: Counter[str] = Counter()
    if requests is not None:
        findings += _compared(account, requests, received)
    beyond = sum(max(times - account.attempts[message], 0) for message, times in received.items())
    return Audit(
        events=len(account.events),
        deliveries=len(account.message_of),
        statuses=Counter(map(account.status, account.message_of)),
        attempts=account.attempts.total(),
        requests=None if requests is None else received.total(),
        repeated=beyond,
        findings=tuple(each for each in findings if each.count),
    )


def _compared(account: Account, requests: Iterable[Request], received: Counter[str]) -> Iterator[Finding]:
    """Hold the journal against what arrived, and count that in `received`."""
    known = set(account.message_of.values())
    first: dict[str, bytes] = {}
    unexplained: list[str] = []
    altered: dict[str, None] = {}
    for request in requests:
        message = request.message or ""
        received[message] += 1
        digest = hashlib.sha256(request.body).digest()
        if message not in known:
            unexplained.append(message or "(no webhook-id)")
        elif first.setdefault(message, digest) != digest:
            altered[message] = None
    ends = ((one, status) for one, status in account.ends.items() if one in account.message_of)
    succeeded = (one for one, status in ends if status is Status.SUCCESS)
    called = (one for one in succeeded if account.attempts[account.message_of.get(one, "")])
    yield _finding("lost requests", (one for one in called if not received[account.message_of[one]]))
    yield _finding("unexplained requests", unexplained)
    yield _finding("altered bodies", altered)


def _unknown(account: Account, delivery: str) -> bool:
    return not account.dropped and delivery not in account.message_of


def _finding(kind: str, found: Iterable[str]) -> Finding:
    every = list(found)
    return Finding(kind, len(every), tuple(every[:NAMED]))
