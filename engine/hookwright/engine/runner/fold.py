"""The fold: what the journal says, line by line, becomes the courses of the runs that are open."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import msgspec
import structlog

from ..delivery import Status
from ..hops import hops_of
from ..instant import milliseconds
from ..journal.acceptance import JournalledEvent
from ..journal.expunge import EXPUNGED, Expunge
from ..journal.follow import Advanced, Derived, Entered, Expunging, Fanout, Item
from ..journal.opened import Acted, Replayed, read_sendable
from ..journal.outcome import Attempt, Settled
from ..journal.runs import CancelLine, PlannedRun, RunLine, StepLine
from ..journal.sealing import SealBroken, Secret, Vault
from ..run.run import Run
from ..run.trigger import Trigger
from .clockwork import Tick
from .course import Call, Course
from .courses import Courses
from .emissions import Emissions
from .emitting import Emission, emitted_source
from .memory import Memory, Remembered
from .reading import end_of, events_in, trigger_of, value_for
from .recording import record_of

log = structlog.get_logger(__name__)


class Fold:
    """Applies items in the order of the journal. `is_awaited` says whether some run may wait for a type.

    `live` turns true once all that was written before is read: from then on the lines of the runner itself
    say nothing new. `cancelled` are the deliveries of cancelled runs that have not ended, with the reason.
    """

    def __init__(
        self, history: Path, node: str, vault: Vault, is_awaited: Callable[[str, str], bool]
    ) -> None:
        self._history = history
        self._node = node
        self._emitted_here = emitted_source(node)
        self._vault = vault
        self._is_awaited = is_awaited
        self._over: set[str] = set()  # runs that ended before their event was read
        self._rank = 0
        self.courses = Courses()
        self.memory = Memory()
        self.emissions = Emissions()
        self.cancelled: dict[str, str] = {}
        self.expunged: list[tuple[str, str]] = []
        self.live = False
        self.over_by_clock: set[str] = set()  # runs that ended already and that no event began
        self.mark = 0  # where in the journal it is, for courses that begin

    def take(self, items: Iterable[Item]) -> None:
        for item in items:
            if isinstance(item, Fanout):
                self._accept(item)
            elif isinstance(item, Entered):
                self._enter(item)
            elif isinstance(item, Expunging):
                self._expunge(item)
            elif isinstance(item, Advanced):
                self._advance(item)
            elif isinstance(item, Derived):
                self._derive(item)

    def finish(self) -> None:
        """All that was written is read. What belongs to no event that can be read is left alone."""
        self.live = True
        self.over_by_clock, self._over = self._over, set()
        for course in list(self.courses):
            if course.run is None:
                log.error("run_unreadable", run=course.id, automation=course.entity_id)
                self.courses.drop(course)
            else:
                self.courses.put(course)
                self.courses.ready[course.id] = None
        for event in self.memory:  # what came of it may not be recorded
            self._tell(event)

    def _accept(self, fanout: Fanout) -> None:
        event, secret = fanout.event, None
        for planned in fanout.runs:
            secret = secret or self._secret(event)
            self._begin(planned, fanout, secret)
        for _, each in fanout.deliveries:
            if each.emission is not None:
                with suppress(SealBroken, OSError):
                    found = each.sendable(event, self._node, self._vault)
                    self.emissions.put(Emission(*found, since=self.mark))
        if event.source == self._emitted_here:
            self.emissions.emitted.add(event.id)
        if not fanout.carried and self._is_awaited(event.type, fanout.revision):
            secret = secret or self._secret(event)
            seen = Remembered(trigger_of(event, secret, fanout.at), frozenset(secret.hidden))
            self.memory.put(seen)
            if self.live:
                self._tell(seen)

    def _tell(self, event: Remembered) -> None:
        """Those that may wait for an event hear of it."""
        for run in self.courses.listeners.candidates(event.trigger):
            course = self.courses.get(run)
            if course is not None and event.trigger.at >= course.accepted:
                course.heard.append(event)
                self.courses.ready[run] = None

    def _begin(self, planned: PlannedRun, fanout: Fanout, secret: Secret) -> None:
        if planned.id in self._over:
            self._over.discard(planned.id)
            return
        course = self.courses.get(planned.id)
        if course is not None and course.run is not None:
            return
        course = course or Course(planned.id, planned.entity_id, fanout.revision, since=self.mark)
        course.place, course.due, course.refusal = planned.place, milliseconds(planned.due), planned.refusal
        course.accepted, course.rank = fanout.at, self._next_rank()
        course.hops = hops_of(fanout.event.extensions.items())
        self.whole(course, trigger_of(fanout.event, secret, fanout.at), frozenset(secret.hidden))

    def whole(self, course: Course, trigger: Trigger, hidden: frozenset[str]) -> None:
        """A course whose event is known."""
        run = Run(
            id=course.id,
            entity_id=course.entity_id,
            revision=course.revision,
            trigger=trigger,
            key=course.key,
        )
        course.run, course.records = run.with_records(course.records), []
        course.hidden |= hidden
        self.courses.put(course)

    def begin_by_clock(self, tick: Tick, revision: str) -> None:
        """A run begins because it is time for it, unless it did before."""
        if tick.run in self.over_by_clock or self.courses.get(tick.run) is not None:
            return
        subscriber = tick.subscriber
        course = Course(tick.run, subscriber.id, revision, since=self.mark)
        course.place = f"{subscriber.place.file}:{subscriber.place.line}"
        course.due = course.accepted = tick.time
        course.rank, course.by_clock = self._next_rank(), True
        self.whole(course, tick.trigger, frozenset())
        self.courses.ready[course.id] = None

    def _next_rank(self) -> int:
        self._rank += 1
        return self._rank

    def _advance(self, item: Advanced) -> None:
        fields = item.fields
        if isinstance(fields, CancelLine):
            self._cancel(fields.run, f"cancelled by {fields.by}" + (f": {fields.why}" if fields.why else ""))
        elif not self.live:
            if isinstance(fields, RunLine):
                self._stand(fields)
            else:
                self._step(fields)

    def _cancel(self, run: str, why: str) -> None:
        course = self.courses.get(run)
        if course is not None:
            course.stop = course.stop or why
            self.courses.ready[run] = None

    def _stand(self, line: RunLine) -> None:
        course = self.courses.get(line.run)
        if line.status is not Status.IN_QUEUE:
            self._over.add(line.run)
            if course is not None:
                self.courses.drop(course)
                if line.status is Status.CANCELLED:
                    self.cancelled.update(dict.fromkeys(course.calls, line.reason))
            return
        if line.run in self._over:
            return
        course = course or Course(line.run, line.entity_id, line.revision)
        course.place, course.due, course.key = line.place, milliseconds(line.due), line.key
        course.begun, course.queued = line.begun, not line.begun
        self.courses.put(course)
        if isinstance(line.trigger.data, msgspec.Raw) and course.run is None:  # the clock began it
            course.accepted, course.rank, course.by_clock = course.due, self._next_rank(), True
            began = line.trigger
            raw = bytes(line.trigger.data)
            trigger = Trigger(
                id=began.id, source=began.source, type=began.type, at=course.due, raw=raw, time=began.id
            )
            self.whole(course, trigger, frozenset())

    def _step(self, line: StepLine) -> None:
        course = self.courses.get(line.run)
        if course is not None:
            record, hidden = record_of(line, self._vault)
            course.hidden |= hidden
            course.record([record])

    def _derive(self, item: Derived) -> None:
        """What a run asked for, or a replay of an emission."""
        opened = item.opened
        if isinstance(opened, Acted):
            if self.live:  # carrying out knows
                return
            course = self.courses.get(opened.run)
            if course is not None:
                course.calls[opened.id] = Call(
                    opened.step, opened.round, emitted=value_for(self._node, opened)
                )
                self.courses.put(course)
        if isinstance(opened, (Acted, Replayed)) and opened.emission is not None:
            with suppress(SealBroken, OSError):
                found = read_sendable(self._history, item.position, self._node)
                if found is not None:
                    self.emissions.put(Emission(*found, since=self.mark))

    def _enter(self, item: Entered) -> None:
        fields = item.fields
        if isinstance(fields, Settled):
            self.cancelled.pop(fields.delivery, None)
            self.emissions.drop(fields.delivery)
        found = self.courses.of_delivery(fields.delivery)
        if found is None:
            return
        course, call = found
        if isinstance(fields, Settled):
            del course.calls[fields.delivery]
            course.settled.add(fields.delivery)
            course.ends.append(end_of(call, fields, item.at))
            self.courses.ready[course.id] = None
        elif isinstance(fields, Attempt) and item.kind == "attempt":
            call.attempt = fields

    def _expunge(self, item: Expunging) -> None:
        if not isinstance(item.said, Expunge):
            return
        what = (item.said.source, item.said.id)
        self.memory.expunge(*what)
        for course in self.courses:
            if course.run is not None and what in events_in(course.run):
                course.stop = EXPUNGED
                self.courses.ready[course.id] = None
        self.expunged.append(what)

    def _secret(self, event: JournalledEvent) -> Secret:
        if not event.sealed:
            return Secret(event.raw)
        try:
            return self._vault.open(event.sealed)
        except (SealBroken, OSError):
            return Secret(event.raw)
