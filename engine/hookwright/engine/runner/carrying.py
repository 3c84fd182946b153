"""Carrying out: each run goes on as far as it can, and what that means is written before it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from msgspec import UNSET, Raw

from hookwright.rules.errors import ExpressionError
from hookwright.rules.model import Subscriber
from hookwright.rules.steps import Automation
from hookwright.rules.table import RoutingTable

from ..call.mask import Mask
from ..delivery import SKIPPED, Delivery, Status
from ..identifiers import key_digest
from ..instant import timestamp
from ..journal.runs import Began, RunLine
from ..journal.sealing import Vault
from ..journal.writer import Entry
from ..kept_revisions import NoRevision
from ..run.admission import admit, key_of, made_of_key, next_in_line
from ..run.advance import advance, call_ended
from ..run.record import StepRecord
from ..run.run import Advance, End, Order
from ..run.trigger import Trigger
from .course import Call, Course
from .courses import standings
from .emitting import Emission, value_of
from .fold import Fold
from .listening import is_listening
from .memory import Remembered
from .ordering import Ordering, message_of, ordered_id
from .recording import step_line
from .revealed import revealed

MOST_AT_ONCE = 200  # runs of a turn
KEY_SHOWN = 200  # characters of a key that are kept as they are


@dataclass(slots=True)
class Turn:
    """What one turn of carrying out leads to: `lines` first, then `fresh` deliveries with their bodies, and
    `emissions`.
    """

    lines: list[Entry] = field(default_factory=list)
    fresh: list[tuple[Delivery, bytes]] = field(default_factory=list)
    emissions: list[Emission] = field(default_factory=list)


class Carrying:
    """Takes the courses of a `fold` on. `tables` answers a revision's table (raises `NoRevision`), `live`
    the one in force. After a turn whose lines are not on disk the fold is to be made anew.
    """

    def __init__(
        self,
        fold: Fold,
        ordering: Ordering,
        vault: Vault,
        tables: Callable[[str], RoutingTable],
        live: Callable[[], RoutingTable | None],
    ) -> None:
        self._fold = fold
        self._courses = fold.courses
        self._ordering = ordering
        self._vault = vault
        self._tables = tables
        self._live = live

    def turn(self, now: int, limit: int = MOST_AT_ONCE) -> Turn:
        """Take on up to `limit` runs at `now` (Unix milliseconds). Raises `JournalError`."""
        turn = Turn()
        self._courses.due(now)
        for course in self._courses.take(limit):
            self._carry(course, now, turn)
        return turn

    def look_for_removed(self) -> None:
        """Cancel the runs of automations that are no longer in force."""
        table = self._live()
        if table is None:
            return
        for course in self._courses:
            if not self._is_configured(course, table):
                self._courses.ready[course.id] = None

    @staticmethod
    def _is_configured(course: Course, table: RoutingTable) -> bool:
        found = table.subscriber(course.entity_id)
        return found is not None and found.automation is not None

    def _carry(self, course: Course, now: int, turn: Turn) -> None:
        if course.run is None:
            return
        table = self._live()
        if course.stop:
            self._end(course, End(Status.CANCELLED, course.stop), turn)
        elif table is not None and not self._is_configured(course, table):
            self._end(course, End(Status.CANCELLED, "automation removed"), turn)
        elif course.refusal is not None:
            status = Status.SKIPPED if course.refusal[0] == SKIPPED else Status.FAILURE
            self._end(course, End(status, course.refusal[1]), turn)
        else:
            self._carry_on(course, now, turn)

    def _carry_on(self, course: Course, now: int, turn: Turn) -> None:
        try:
            subscriber = self._tables(course.revision).subscriber(course.entity_id)
        except NoRevision as error:
            self._end(course, End(Status.FAILURE, str(error)), turn)
            return
        automation = subscriber.automation if subscriber else None
        if subscriber is None or automation is None:
            self._end(course, End(Status.FAILURE, f"{course.revision} has no such automation"), turn)
            return
        if not course.begun and not course.queued and now >= course.due:
            self._admit(course, subscriber, automation, turn)
        if course.begun:
            self._go_on(course, subscriber, automation, now, turn)
        elif self._courses.get(course.id) is course:
            self._courses.put(course)

    def _admit(self, course: Course, subscriber: Subscriber, automation: Automation, turn: Turn) -> None:
        assert course.run is not None
        try:
            key = key_of(automation, course.run.trigger)
        except ExpressionError as error:
            course.hidden = revealed(made_of_key(automation, course.run.trigger), course.hidden)
            self._end(course, End(Status.FAILURE, f"key: {error}"), turn)
            return
        course.key = self._kept(key, subscriber)
        others = self._rivals(course, automation)
        said = admit(automation, standings(others), course.id)
        for other in others:
            if other.id in said.cancelled:
                self._end(other, End(Status.CANCELLED, said.cancel_reason), turn, follow=False)
        if said.verdict in {"start", "wait"}:
            course.begun, course.queued = said.verdict == "start", said.verdict == "wait"
            turn.lines.append(_run_line(course, Status.IN_QUEUE, said.reason))
            self._courses.put(course)
        else:
            status = Status.SKIPPED if said.verdict == "drop" else Status.FAILURE
            self._end(course, End(status, said.reason), turn, follow=False)

    def _rivals(self, course: Course, automation: Automation) -> list[Course]:
        """The others of its key, where they decide when it begins: there may be very many of them."""
        if automation.mode == "parallel" and automation.most is None:
            return []
        return self._courses.with_key(course)

    def _kept(self, key: str, subscriber: Subscriber) -> str:
        """A key as the journal keeps it: a digest of one that is long, or may say what is redacted."""
        if subscriber.redact:
            return key_digest(self._vault.keyed(key))
        return key if len(key) <= KEY_SHOWN else key_digest(key)

    def _go_on(
        self, course: Course, subscriber: Subscriber, automation: Automation, now: int, turn: Turn
    ) -> None:
        assert course.run is not None
        records: list[StepRecord] = []
        for end in course.ends:
            found = call_ended(automation, course.run, end)
            course.record(list(found))
            records += found
        course.ends = []
        known = course.hidden
        said = self._advanced(course, automation, now)
        course.record(list(said.records))
        self._write(course, (*records, *said.records), course.hidden - known, turn)
        for order in said.orders:
            self._place(course, subscriber, order, now, turn)
        course.wake = said.wake
        if said.end is not None:
            self._end(course, said.end, turn)
        else:
            self._courses.put(course)

    def _write(self, course: Course, records: Sequence[StepRecord], news: frozenset[str], turn: Turn) -> None:
        """Write what is recorded of a run; the first line keeps, sealed, the `news` of what is hidden."""
        mask = Mask(hidden=course.hidden) if course.hidden else None
        for record in records:
            turn.lines.append(Entry("step", step_line(course.id, record, mask, news, self._vault)))
            news = frozenset()

    def _advanced(self, course: Course, automation: Automation, now: int) -> Advance:
        """All events since the beginning are looked through only where a wait begins."""
        assert course.run is not None
        heard, course.heard = course.heard, []
        said = advance(automation, course.run, now, triggers(heard))
        if any(map(is_listening, said.records)):
            heard = self._fold.memory.since(course.accepted)
            said = advance(automation, course.run, now, triggers(heard))
        if heard:
            course.hidden |= _hidden_in(said.records, heard)
        course.hidden = revealed(said.made, course.hidden)
        return said

    def _place(self, course: Course, subscriber: Subscriber, order: Order, now: int, turn: Turn) -> None:
        identifier = ordered_id(message_of(course, order.path), order.round)
        if identifier in course.calls or identifier in course.settled:
            return
        table = self._live()
        live = table.subscriber(course.entity_id) if table else None
        placed = self._ordering.place(course, subscriber, order, now, live)
        said = placed.delivery.emission
        value = value_of(placed.delivery.node, placed.delivery.message, said.type) if said else {}
        course.calls[identifier] = Call(order.path, order.round, emitted=value)
        turn.lines += placed.lines
        if said:
            turn.emissions.append(Emission(placed.delivery, placed.body, since=self._fold.mark))
        else:
            turn.fresh.append((placed.delivery, placed.body))

    def _end(self, course: Course, end: End, turn: Turn, *, follow: bool = True) -> None:
        """Write how a run ended; those that waited for their turn may begin."""
        reason = Mask(hidden=course.hidden).cut(end.reason) if course.hidden else end.reason
        turn.lines.append(_run_line(course, end.status, reason))
        if end.status is Status.CANCELLED:
            self._fold.cancelled.update(dict.fromkeys(course.calls, end.reason))
        self._courses.drop(course)
        if follow and (course.begun or course.queued):
            self._follow(course, turn)

    def _follow(self, course: Course, turn: Turn) -> None:
        waiting = self._courses.with_key(course) if self._courses.has_queue(course) else []
        automation = self._automation(waiting[0]) if waiting else None
        if automation is None:
            return
        for name in next_in_line(automation, standings(waiting)):
            other = self._courses.get(name)
            if other is not None:
                other.begun, other.queued = True, False
                turn.lines.append(_run_line(other, Status.IN_QUEUE, ""))
                self._courses.put(other)
                self._courses.ready[name] = None

    def _automation(self, course: Course) -> Automation | None:
        try:
            found = self._tables(course.revision).subscriber(course.entity_id)
        except NoRevision:
            return None
        return found.automation if found else None


def triggers(events: Iterable[Remembered]) -> list[Trigger]:
    """The events themselves."""
    return [each.trigger for each in events]


def _hidden_in(records: Sequence[StepRecord], events: Sequence[Remembered]) -> frozenset[str]:
    """What nobody may read of the events that ended waits."""
    named = {
        (str(event.get("source")), str(event.get("id")))
        for record in records
        if isinstance(record.output, dict) and isinstance(event := record.output.get("event"), dict)
    }
    taken = (each.hidden for each in events if (each.trigger.source, each.trigger.id) in named)
    return frozenset().union(*taken)


def _run_line(course: Course, status: Status, reason: str) -> Entry:
    assert course.run is not None
    trigger = course.run.trigger
    data = Raw(trigger.raw) if course.by_clock else UNSET  # no other line has it
    began = Began(source=trigger.source, id=trigger.id, type=trigger.type, data=data)
    line = RunLine(
        run=course.id,
        entity_id=course.entity_id,
        status=status,
        revision=course.revision,
        trigger=began,
        due=timestamp(course.due),
        place=course.place,
        key=course.key,
        begun=course.begun,
        reason=reason,
    )
    return Entry("run", line)
